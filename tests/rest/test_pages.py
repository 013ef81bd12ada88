from tests.rest import faces
from tests.rest.faces import Face


def test_pages_are_counted_by_their_routes(face: Face) -> None:
    """Whoever reads the documentation asks for addresses that there are."""
    for path in ("/docs", "/docs/entries", "/openapi.json", "/problems/root-not-trusted"):
        assert 200 == face.ask("GET", path).status_code

    auth = ("administrator", faces.PASSWORD)
    counted = face.client.get("/metrics", auth=auth).text
    for route in ("/docs", "/docs/{page}", "/openapi.json", "/problems/{slug}"):
        assert f'route="{faces.ROOT}{route}"' in counted
