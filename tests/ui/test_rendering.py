import shutil
from pathlib import Path

from keysteward.ui import language, rendering


def test_templates_stay_those_that_the_server_started_with(tmp_path: Path) -> None:
    """An update of the files beneath a running server changes nothing, and breaks nothing."""
    folder = tmp_path / "templates"
    shutil.copytree(rendering.FOLDER, folder)
    (folder / "said.html").write_text(
        '{% extends "base_said.html" %}{% block it %}one{% endblock %}'
    )
    (folder / "base_said.html").write_text("<p>{% block it %}{% endblock %}</p>")
    templates = rendering.load(folder)
    said = [templates.render("said.html", language.get("en"), {})]
    shutil.rmtree(folder)
    said.append(templates.render("said.html", language.get("en"), {}))
    said.append(templates.render("said.html", language.get("de"), {}))
    assert ["<p>one</p>"] * 3 == said


def test_every_template_can_be_read() -> None:
    """A mistake in one is found before anybody goes there."""
    for environment in rendering.load().environments.values():
        for name in environment.list_templates():
            environment.get_template(name)


def test_distinguished_name_breaks_between_its_parts_and_is_text() -> None:
    """Columns are narrow; what is copied from them is the name as it is."""
    environment = rendering.load().environments["en"]
    said = environment.from_string("{{ name | distinguished }}").render(name="CN=<b>,O=x")
    assert "<bdi>CN=&lt;b&gt;,<wbr>O=x</bdi>" == said
