"""German for what a test of a connection tells: its checks, its findings, rarer refusals."""

from collections.abc import Mapping

_CHECKS: Mapping[str, str] = {
    "Host name resolved": "Hostname aufgelöst",
    "Connected": "Verbunden",
    "Server certificate trusted": "Serverzertifikat vertrauenswürdig",
    "Server certificate covers the host": "Serverzertifikat gilt für den Host",
    "Client certificate accepted": "Client-Zertifikat angenommen",
    "TLS handshake completed": "TLS-Handshake abgeschlossen",
    "HTTP answer received": "HTTP-Antwort erhalten",
    "The test had ended before.": "Der Test war vorher zu Ende.",
    "{} has an address.": "{} hat eine Adresse.",
    "A server at {} took the connection.": "Ein Server unter {} hat die Verbindung angenommen.",
    "The server's certificate was not to be verified.": (
        "Das Zertifikat des Servers sollte nicht geprüft werden."
    ),
    "The server's certificate is for {}.": "Das Zertifikat des Servers gilt für {}.",
    "What is trusted in this keystore verifies it.": (
        "Was in diesem Keystore vertrauenswürdig ist, bestätigt es."
    ),
    "No HTTP answer came; the server may speak another protocol.": (
        "Es kam keine HTTP-Antwort; vielleicht spricht der Server ein anderes Protokoll."
    ),
    "The server answered {}.": "Der Server hat mit {} geantwortet.",
    "This proves the handshake, not the authorisation: what the receiver lets this client "
    "certificate do, only its application decides.": (
        "Das beweist den Handshake, nicht die Berechtigung: Was der Empfänger diesem "
        "Client-Zertifikat erlaubt, entscheidet nur seine Anwendung."
    ),
    "The server did not ask for a client certificate, so this says nothing about whether it would "
    "accept one.": (
        "Der Server hat kein Client-Zertifikat verlangt; ob er eines annähme, sagt das nicht."
    ),
    "The server asked for a client certificate, none was sent, and it went on without: it treats "
    "the certificate as optional.": (
        "Der Server hat nach einem Client-Zertifikat gefragt, keines wurde gesendet, und er hat "
        "ohne eines weitergemacht: Für ihn ist das Zertifikat freiwillig."
    ),
    "The client certificate was sent, but no answer came: whether the server accepts it is not "
    "known.": (
        "Das Client-Zertifikat wurde gesendet, aber es kam keine Antwort: Ob der Server es "
        "annimmt, ist nicht bekannt."
    ),
    "The client certificate passed the TLS handshake, but the answer denies access: the server may "
    "know the certificate's issuer and not its subject, or this path may be closed to everyone.": (
        "Das Client-Zertifikat hat den TLS-Handshake bestanden, aber die Antwort verweigert den "
        "Zugriff: Vielleicht kennt der Server den Aussteller des Zertifikats und nicht seinen "
        "Inhaber, oder dieser Pfad ist für alle geschlossen."
    ),
    "The client certificate was sent and the server went on after it; what its application makes "
    "of the certificate, only the answer can tell.": (
        "Das Client-Zertifikat wurde gesendet, und der Server hat danach weitergemacht; was seine "
        "Anwendung aus dem Zertifikat macht, kann nur die Antwort sagen."
    ),
    "Only host and port count for a connection: {}. The rest was left out.": (
        "Für eine Verbindung zählen nur Host und Port: {}. Der Rest wurde weggelassen."
    ),
    "In ASCII, as name services and certificates have it, it is {}.": (
        "In ASCII, wie Namensdienste und Zertifikate ihn haben, lautet er {}."
    ),
    "{}:// means no TLS from the first byte, which is what is tested.": (
        "{}:// bedeutet kein TLS vom ersten Byte an; genau das wird getestet."
    ),
}

_FINDINGS: Mapping[str, str] = {
    "It ended on {}.": "Es ist am {} abgelaufen.",
    "It begins on {}.": "Es beginnt am {}.",
    "It ends on {}.": "Es läuft am {} ab.",
    "It is not for {}; it has {}.": "Es gilt nicht für {}; es hat {}.",
    "no name of a host": "keinen Hostnamen",
    "No certificate that is trusted in this keystore verifies it.": (
        "Kein Zertifikat, das in diesem Keystore vertrauenswürdig ist, bestätigt es."
    ),
    "It may not issue certificates.": "Es darf keine Zertifikate ausstellen.",
    "It is signed with {}.": "Es ist mit {} signiert.",
    "Its issuer {} is neither sent nor trusted here; if it is the root, a server may leave it "
    "out.": (
        "Sein Aussteller {} wird weder gesendet, noch wird ihm hier vertraut; ist er das "
        "Wurzelzertifikat, darf ein Server ihn weglassen."
    ),
    "No certificate with its issuer's name has signed it.": (
        "Kein Zertifikat mit dem Namen seines Ausstellers hat es signiert."
    ),
}

_SERVERS: Mapping[str, str] = {
    "No trusted certificate verifies the server's chain.": (
        "Kein vertrauenswürdiges Zertifikat bestätigt die Zertifikatskette des Servers."
    ),
    "No trusted certificate verifies the server's certificate.": (
        "Kein vertrauenswürdiges Zertifikat bestätigt das Zertifikat des Servers."
    ),
    "No trusted certificate verifies the server's chain: it ends at {}, and the server sends no "
    "certificate of its issuer {}.": (
        "Kein vertrauenswürdiges Zertifikat bestätigt die Zertifikatskette des Servers: Sie endet "
        "bei {}, und der Server sendet kein Zertifikat ihres Ausstellers {}."
    ),
    "If {} is an intermediate, the server's administrators must add it to what the server sends; "
    "if it is the root, it is missing here alone. Either way the connection becomes possible if "
    "you add it as a certificate; compare its fingerprint with them first.": (
        "Ist {} ein Zwischenzertifikat, müssen die Administratoren des Servers es zu dem "
        "hinzufügen, was der Server sendet; ist es das Wurzelzertifikat, fehlt es nur hier. In "
        "beiden Fällen wird die Verbindung möglich, wenn Sie es als Zertifikat hinzufügen; "
        "vergleichen Sie vorher mit ihnen seinen Fingerabdruck."
    ),
    "The server's certificate is for another host name.": (
        "Das Zertifikat des Servers gilt für einen anderen Hostnamen."
    ),
    "The server's certificate is not for this IP address.": (
        "Das Zertifikat des Servers gilt nicht für diese IP-Adresse."
    ),
    "Asked for: {}.": "Gefragt war: {}.",
    "It has: {}.": "Es hat: {}.",
    "no alternative name": "keinen alternativen Namen",
    "The server's certificate does not verify: {}.": (
        "Das Zertifikat des Servers hält der Prüfung nicht stand: {}."
    ),
    "The server does not speak TLS at this port but {}: {}.": (
        "Der Server spricht an diesem Port kein TLS, sondern {}: {}."
    ),
    "plain HTTP": "unverschlüsseltes HTTP",
    "something else": "etwas anderes",
    "The server sends data without an end.": "Der Server sendet Daten ohne Ende.",
    "Check host name and port: this is no server that answers requests.": (
        "Prüfen Sie Hostnamen und Port: Das ist kein Server, der Anfragen beantwortet."
    ),
    "This side's TLS ({}) ended the handshake: {}.": (
        "Das TLS dieser Seite ({}) hat den Handshake beendet: {}."
    ),
    "The server lacks secure renegotiation (RFC 5746), which this system's TLS insists on.": (
        "Dem Server fehlt sichere Neuverhandlung (RFC 5746), auf der das TLS dieses Systems "
        "besteht."
    ),
    "Let its administrators update the server's TLS library.": (
        "Lassen Sie seine Administratoren die TLS-Bibliothek des Servers aktualisieren."
    ),
    "The server's Diffie-Hellman parameters are too small for this system's TLS.": (
        "Die Diffie-Hellman-Parameter des Servers sind zu klein für das TLS dieses Systems."
    ),
    "Let its administrators switch on ECDHE or larger parameters.": (
        "Lassen Sie seine Administratoren ECDHE oder größere Parameter einschalten."
    ),
    "The server could not verify a signature of the handshake.": (
        "Der Server konnte eine Signatur des Handshakes nicht prüfen."
    ),
    "Check that the server's TLS knows the key type of the client certificate; a device between "
    "the two that opens the connection has the same effect.": (
        "Prüfen Sie, ob das TLS des Servers den Schlüsseltyp des Client-Zertifikats kennt; ein "
        "Gerät dazwischen, das die Verbindung öffnet, wirkt ebenso."
    ),
    "The server wants stronger ciphers than this side offers.": (
        "Der Server will stärkere Verschlüsselungen, als diese Seite anbietet."
    ),
    "Compare the cipher lists of both sides.": (
        "Vergleichen Sie die Listen der Verschlüsselungen beider Seiten."
    ),
    "The server failed for a reason of its own.": (
        "Der Server ist aus einem eigenen Grund gescheitert."
    ),
    "The server does not speak HTTP/1.1 at this address.": (
        "Der Server spricht unter dieser Adresse kein HTTP/1.1."
    ),
    "The server shares no TLS version, cipher or key exchange with this side.": (
        "Der Server hat keine TLS-Version, keine Verschlüsselung oder keinen Schlüsselaustausch "
        "mit dieser Seite gemeinsam."
    ),
    "Let its administrators allow a current cipher (ECDHE with AES-GCM) for TLS 1.2 or 1.3. Check "
    "the host name, too: some servers answer so for names that they do not serve.": (
        "Lassen Sie seine Administratoren eine heutige Verschlüsselung (ECDHE mit AES-GCM) für TLS "
        "1.2 oder 1.3 erlauben. Prüfen Sie auch den Hostnamen: Manche Server antworten so bei "
        "Namen, die sie nicht bedienen."
    ),
    "The server ended the handshake.": "Der Server hat den Handshake beendet.",
    "Check host name and port; a firewall or proxy between the two does this as well.": (
        "Prüfen Sie Hostnamen und Port; auch eine Firewall oder ein Proxy dazwischen tut das."
    ),
    "The server closed the connection before the handshake was done, and gave no reason.": (
        "Der Server hat die Verbindung vor dem Ende des Handshakes geschlossen und keinen Grund "
        "genannt."
    ),
    "The server reset the connection before the handshake was done, and gave no reason.": (
        "Der Server hat die Verbindung vor dem Ende des Handshakes abgebrochen und keinen Grund "
        "genannt."
    ),
}

_CLIENT: Mapping[str, str] = {
    "The server refused after it had got the client certificate.": (
        "Der Server hat abgelehnt, nachdem er das Client-Zertifikat bekommen hatte."
    ),
    "Let its administrators look up the reason in their log: most often the issuer is not trusted "
    "there, or the key type not allowed.": (
        "Lassen Sie seine Administratoren den Grund in ihrem Log nachsehen: Meist wird dem "
        "Aussteller dort nicht vertraut, oder der Schlüsseltyp ist nicht erlaubt."
    ),
    "The key of {} fits no signature scheme that the server allows: it needs a key of another "
    "type.": (
        "Der Schlüssel von {} passt zu keinem Signaturverfahren, das der Server erlaubt: Er "
        "braucht einen Schlüssel anderen Typs."
    ),
    "The chain sent ends at {} and lacks its issuer {}.": (
        "Die gesendete Zertifikatskette endet bei {}, und ihr fehlt der Aussteller {}."
    ),
    "The chain of {} ends at {} and lacks its issuer {}.": (
        "Die Zertifikatskette von {} endet bei {}, und ihr fehlt der Aussteller {}."
    ),
    "Upload the CA's response with its whole chain. If {} is the root, ask the server's "
    "administrators to trust it for client certificates.": (
        "Laden Sie die Signierantwort der Zertifizierungsstelle mit der ganzen Zertifikatskette "
        "hoch. Ist {} das Wurzelzertifikat, bitten Sie die Administratoren des Servers, ihm für "
        "Client-Zertifikate zu vertrauen."
    ),
    "The server names the issuers that it accepts: {}.": (
        "Der Server nennt die Aussteller, die er annimmt: {}."
    ),
    "The server demands a client certificate and got none; it answered {}.": (
        "Der Server verlangt ein Client-Zertifikat und bekam keines; er hat mit {} geantwortet."
    ),
    "The server does not accept the client certificate issued by {}; it answered {} and names an "
    "SSL certificate error.": (
        "Der Server nimmt das Client-Zertifikat nicht an, das {} ausgestellt hat; er hat mit {} "
        "geantwortet und nennt einen SSL-Zertifikatsfehler."
    ),
    "Check that the certificate is valid, and that the server trusts the root {} for client "
    "certificates and allows a chain of this length.": (
        "Prüfen Sie, ob das Zertifikat gültig ist, und ob der Server dem Wurzelzertifikat {} für "
        "Client-Zertifikate vertraut und eine so lange Zertifikatskette erlaubt."
    ),
    "The server closed the connection without a word after it had got the client certificate.": (
        "Der Server hat die Verbindung ohne ein Wort geschlossen, nachdem er das Client-Zertifikat "
        "bekommen hatte."
    ),
    "The server reset the connection without a word after it had got the client certificate.": (
        "Der Server hat die Verbindung ohne ein Wort abgebrochen, nachdem er das Client-Zertifikat "
        "bekommen hatte."
    ),
    "Let its administrators look into their log, and check that they trust its issuer.": (
        "Lassen Sie seine Administratoren in ihr Log sehen und prüfen, ob sie seinem Aussteller "
        "vertrauen."
    ),
    "It may have refused the certificate.": "Vielleicht hat er das Zertifikat abgelehnt.",
    "The server closed the connection.": "Der Server hat die Verbindung geschlossen.",
    "The server reset the connection.": "Der Server hat die Verbindung abgebrochen.",
    "It asked for a client certificate and none was sent.": (
        "Er hat nach einem Client-Zertifikat gefragt, und keines wurde gesendet."
    ),
}

OF_TESTS: Mapping[str, str] = {**_CHECKS, **_FINDINGS, **_SERVERS, **_CLIENT}
"""English to German, as in ``reasons``."""
