"""German for usual reasons and remedies about addresses and connections."""

from collections.abc import Mapping

from keysteward.ui.wording.reasons_of_tests import OF_TESTS

_ADDRESSES: Mapping[str, str] = {
    "This is too long for an address.": "Das ist zu lang für eine Adresse.",
    "This is a URL: leave out https:// and the path.": (
        "Das ist eine URL: Lassen Sie https:// und den Pfad weg."
    ),
    "Leave out the path.": "Lassen Sie den Pfad weg.",
    "An IPv6 address needs both brackets.": "Eine IPv6-Adresse braucht beide Klammern.",
    "This is no IPv6 address.": "Das ist keine IPv6-Adresse.",
    "The host name has a part that is no name.": (
        "Der Hostname hat einen Teil, der kein Name ist."
    ),
    "The host name is missing or has characters that no name has.": (
        "Der Hostname fehlt, oder er hat Zeichen, die kein Name hat."
    ),
    "The port is no whole number from 1 to 65,535.": (
        "Der Port ist keine ganze Zahl von 1 bis 65.535."
    ),
    "Port {} is none of those that this server connects to.": (
        "Port {} ist keiner von denen, mit denen sich dieser Server verbindet."
    ),
}

_REACHING: Mapping[str, str] = {
    "The name {} cannot be resolved.": "Der Name {} kann nicht aufgelöst werden.",
    "Check its spelling and this system's name service.": (
        "Prüfen Sie seine Schreibweise und den Namensdienst dieses Systems."
    ),
    "No name service answered in time for {}.": (
        "Kein Namensdienst hat für {} rechtzeitig geantwortet."
    ),
    "Check this system's name service, or allow more time.": (
        "Prüfen Sie den Namensdienst dieses Systems, oder lassen Sie mehr Zeit."
    ),
    "The server cannot be reached: {}.": "Der Server ist nicht zu erreichen: {}.",
    "Check host name, port and the network.": "Prüfen Sie Hostnamen, Port und Netzwerk.",
    "The connection was refused: nothing listens at this port.": (
        "Die Verbindung wurde abgelehnt: An diesem Port ist kein Dienst."
    ),
    "Check the port, and that the server runs.": "Prüfen Sie den Port, und ob der Server läuft.",
    "No answer came in time.": "Es kam nicht rechtzeitig eine Antwort.",
    "Check host name and port, and that no firewall drops the connection.": (
        "Prüfen Sie Hostnamen und Port, und ob keine Firewall die Verbindung verwirft."
    ),
    "The server took the connection and did not finish the TLS handshake in time.": (
        "Der Server hat die Verbindung angenommen und den TLS-Handshake nicht rechtzeitig beendet."
    ),
    "Check that this port speaks TLS, or allow more time.": (
        "Prüfen Sie, ob dieser Port TLS spricht, oder lassen Sie mehr Zeit."
    ),
    "The connection ended.": "Die Verbindung wurde beendet.",
    "Check the port.": "Prüfen Sie den Port.",
    "Take the port that serves HTTPS.": "Nehmen Sie den Port, der HTTPS anbietet.",
}

_REFUSALS: Mapping[str, str] = {
    "Show this to the server's administrators.": "Zeigen Sie dies den Administratoren des Servers.",
    "The server found the client certificate damaged or not acceptable.": (
        "Der Server fand das Client-Zertifikat beschädigt oder nicht annehmbar."
    ),
    "Let its administrators look up the reason in their log; often the chain sent is not complete, "
    "or the issuer is not set up there.": (
        "Lassen Sie seine Administratoren den Grund in ihrem Log nachsehen; oft ist die gesendete "
        "Zertifikatskette nicht vollständig, oder der Aussteller ist dort nicht eingerichtet."
    ),
    "The server does not take a certificate of this kind.": (
        "Der Server nimmt kein Zertifikat dieser Art an."
    ),
    "Check that the extended key usage allows TLS clients and that the server knows the key type "
    "and signature algorithm.": (
        "Prüfen Sie, ob die erweiterte Schlüsselverwendung TLS-Clients erlaubt, und ob der Server "
        "Schlüsseltyp und Signaturverfahren kennt."
    ),
    "The server says that the client certificate was revoked by its issuer.": (
        "Der Server sagt, dass das Client-Zertifikat von seinem Aussteller gesperrt wurde."
    ),
    "Ask the CA why, and renew the key pair with a new key.": (
        "Fragen Sie die Zertifizierungsstelle nach dem Grund, und erneuern Sie das Schlüsselpaar "
        "mit einem neuen Schlüssel."
    ),
    "The server says that the client certificate or one of its issuers is expired or not yet "
    "valid.": (
        "Der Server sagt, dass das Client-Zertifikat oder einer seiner Aussteller abgelaufen oder "
        "noch nicht gültig ist."
    ),
    "Renew it: write a signing request and upload the response. If it is valid, the server's clock "
    "is wrong.": (
        "Erneuern Sie es: Erstellen Sie eine Signieranforderung, und laden Sie die Signierantwort "
        "hoch. Ist es gültig, geht die Uhr des Servers falsch."
    ),
    "The server does not accept the client certificate and gives no reason.": (
        "Der Server nimmt das Client-Zertifikat nicht an und nennt keinen Grund."
    ),
    "Let its administrators look up the reason in their log and register this certificate.": (
        "Lassen Sie seine Administratoren den Grund in ihrem Log nachsehen und dieses Zertifikat "
        "eintragen."
    ),
    "The server knows the client certificate and denies it access.": (
        "Der Server kennt das Client-Zertifikat und verweigert ihm den Zugriff."
    ),
    "Ask its administrators to grant access to this certificate's subject.": (
        "Bitten Sie seine Administratoren, dem Inhaber (Subject) dieses Zertifikats Zugriff zu "
        "geben."
    ),
    "The server speaks no TLS version that this side allows (TLS 1.2 and newer).": (
        "Der Server spricht keine TLS-Version, die diese Seite erlaubt (TLS 1.2 und neuer)."
    ),
    "Let its administrators switch on TLS 1.2 or 1.3.": (
        "Lassen Sie seine Administratoren TLS 1.2 oder 1.3 einschalten."
    ),
    "The server does not serve this host name.": "Der Server bedient diesen Hostnamen nicht.",
    "Check the name, or give the one that it serves.": (
        "Prüfen Sie den Namen, oder geben Sie den an, den er bedient."
    ),
    "The server demands a client certificate and none was sent.": (
        "Der Server verlangt ein Client-Zertifikat, und keines wurde gesendet."
    ),
    "Connect with the alias of a key pair.": (
        "Verbinden Sie sich mit dem Alias eines Schlüsselpaars."
    ),
    "Let its administrators look into their log.": (
        "Lassen Sie seine Administratoren in ihr Log sehen."
    ),
    "The server does not trust the issuer of the client certificate, {}.": (
        "Der Server vertraut dem Aussteller des Client-Zertifikats nicht, {}."
    ),
    "Send its administrators the root {} and ask them to trust it for client certificates.": (
        "Senden Sie seinen Administratoren das Wurzelzertifikat {}, und bitten Sie sie, ihm für "
        "Client-Zertifikate zu vertrauen."
    ),
    "The server does not trust the client certificate.": (
        "Der Server vertraut dem Client-Zertifikat nicht."
    ),
    "The client certificate is still self-signed: {}.": (
        "Das Client-Zertifikat ist noch selbstsigniert: {}."
    ),
    "Send the entry's signing request to a CA, and upload the CA's response first.": (
        "Senden Sie die Signieranforderung des Eintrags an eine Zertifizierungsstelle, und laden "
        "Sie zuerst deren Signierantwort hoch."
    ),
}

_VERIFICATIONS: Mapping[str, str] = {
    "Get the root from the server's administrators, compare its fingerprint with them, and add it "
    "as a certificate.": (
        "Holen Sie das Wurzelzertifikat von den Administratoren des Servers, vergleichen Sie mit "
        "ihnen seinen Fingerabdruck, und fügen Sie es als Zertifikat hinzu."
    ),
    "The server's certificate is not yet valid.": (
        "Das Zertifikat des Servers ist noch nicht gültig."
    ),
    "Check the clocks of both sides.": "Prüfen Sie die Uhren beider Seiten.",
    "The server's certificate, or one of its issuers, has expired.": (
        "Das Zertifikat des Servers, oder einer seiner Aussteller, ist abgelaufen."
    ),
    "The server's administrators have to renew it.": (
        "Die Administratoren des Servers müssen es erneuern."
    ),
    "The server's certificate is self-signed and not trusted here.": (
        "Das Zertifikat des Servers ist selbstsigniert, und ihm wird hier nicht vertraut."
    ),
    "If it is the right one, compare its fingerprint with the server's administrators and add it "
    "as a certificate.": (
        "Ist es das richtige, vergleichen Sie seinen Fingerabdruck mit den Administratoren des "
        "Servers, und fügen Sie es als Zertifikat hinzu."
    ),
    "The server's chain ends in a root that is not trusted here.": (
        "Die Zertifikatskette des Servers endet mit einem Wurzelzertifikat, dem hier nicht "
        "vertraut wird."
    ),
    "The server's certificate was revoked.": "Das Zertifikat des Servers wurde gesperrt.",
    "The server's administrators have to replace it.": (
        "Die Administratoren des Servers müssen es ersetzen."
    ),
    "Use a name that the certificate has, or let the server's administrators add it.": (
        "Verwenden Sie einen Namen, den das Zertifikat hat, oder lassen Sie ihn von den "
        "Administratoren des Servers hinzufügen."
    ),
}

OF_CONNECTIONS: Mapping[str, str] = {
    **_ADDRESSES,
    **_REACHING,
    **_REFUSALS,
    **_VERIFICATIONS,
    **OF_TESTS,
}
