"""German for what a file is instead of the one that is wanted, and what to do with it then."""

from collections.abc import Mapping

_ASK_FOR_X509 = "Bitten Sie die Zertifizierungsstelle um das Zertifikat als PEM, DER oder PKCS#7."
_ASK_FOR_CHAIN = "Bitten Sie die Zertifizierungsstelle um das Zertifikat und seine Kette."

_KINDS: Mapping[str, str] = {
    "empty": "leer",
    "a certificate signing request (CSR)": "eine Signieranforderung (CSR)",
    "a certificate revocation list (CRL)": "eine Sperrliste (CRL)",
    "a private key": "ein privater Schlüssel",
    "an encrypted private key": "ein verschlüsselter privater Schlüssel",
    "a public key": "ein öffentlicher Schlüssel",
    "a set of key parameters": "ein Satz von Schlüsselparametern",
    "a PKCS#12 keystore": "ein PKCS#12-Keystore",
    "a Java keystore (JKS)": "ein Java-Keystore (JKS)",
    "a Java keystore (JCEKS)": "ein Java-Keystore (JCEKS)",
    "a Microsoft serialized certificate store (SST)": (
        "ein serialisierter Zertifikatsspeicher von Microsoft (SST)"
    ),
    "an encrypted message (CMS EnvelopedData)": (
        "eine verschlüsselte Nachricht (CMS EnvelopedData)"
    ),
    "a CMS message without certificates": "eine CMS-Nachricht ohne Zertifikate",
    "a PKCS#7 file without certificates": "eine PKCS#7-Datei ohne Zertifikate",
    "a certificate path without certificates": "ein Zertifikatspfad ohne Zertifikate",
    "an attribute certificate": "ein Attributzertifikat",
    "a certificate that is not X.509": "ein Zertifikat, das nicht X.509 ist",
    "an OCSP response": "eine OCSP-Antwort",
    "a PEM file of another kind": "eine PEM-Datei anderer Art",
    "an OpenPGP file": "eine OpenPGP-Datei",
    "an SSH public key": "ein öffentlicher SSH-Schlüssel",
    "an HTML page": "eine HTML-Seite",
    "a JSON document": "ein JSON-Dokument",
    "an XML document": "ein XML-Dokument",
    "a PDF document": "ein PDF-Dokument",
    "a ZIP archive": "ein ZIP-Archiv",
    "a GZIP archive": "ein GZIP-Archiv",
    "a packed archive": "ein gepacktes Archiv",
    "plain text": "einfacher Text",
    "a binary file of an unknown kind": "eine Binärdatei unbekannter Art",
    "an OpenSSH private key": "ein privater OpenSSH-Schlüssel",
    "PKCS#7 in PEM": "PKCS#7 in PEM",
    "PKCS#7 in DER": "PKCS#7 in DER",
    "a PuTTY key": "ein PuTTY-Schlüssel",
    "compressed (gzip)": "komprimiert (gzip)",
    "perhaps a BKS keystore of Bouncy Castle": "vielleicht ein BKS-Keystore von Bouncy Castle",
    "perhaps a keystore in base64": "vielleicht ein Keystore in Base64",
    "a keystore in base64": "ein Keystore in Base64",
    "DER, but no PKCS#12": "DER, aber kein PKCS#12",
    "in PEM": "in PEM",
    "neither JKS nor JCEKS nor PKCS#12": "weder JKS noch JCEKS noch PKCS#12",
    "a certificate in DER": "ein Zertifikat in DER",
}

_REMEDIES: Mapping[str, str] = {
    "Fetch it from the CA again.": "Holen Sie sie noch einmal von der Zertifizierungsstelle.",
    "Send it to the CA, and upload the certificate that the CA returns.": (
        "Senden Sie sie an die Zertifizierungsstelle, und laden Sie das Zertifikat hoch, das diese "
        "zurückgibt."
    ),
    "Ask the CA for the certificate and its chain.": _ASK_FOR_CHAIN,
    "It was not kept. Delete the file if others can read it, and upload the CA's certificate; to "
    "bring a key into the keystore, add it as a key pair.": (
        "Er wurde nicht behalten. Löschen Sie die Datei, wenn andere sie lesen können, und laden "
        "Sie das Zertifikat der Zertifizierungsstelle hoch. Um einen Schlüssel in den Keystore zu "
        "bringen, fügen Sie ihn als Schlüsselpaar hinzu."
    ),
    "It was not kept. Upload the CA's certificate; to bring a key into the keystore, add it as a "
    "key pair.": (
        "Er wurde nicht behalten. Laden Sie das Zertifikat der Zertifizierungsstelle hoch. Um "
        "einen Schlüssel in den Keystore zu bringen, fügen Sie ihn als Schlüsselpaar hinzu."
    ),
    "Upload the certificate that the CA made of it.": (
        "Laden Sie das Zertifikat hoch, das die Zertifizierungsstelle daraus gemacht hat."
    ),
    "Upload the certificate that the CA returned.": (
        "Laden Sie das Zertifikat hoch, das die Zertifizierungsstelle zurückgegeben hat."
    ),
    "It holds a private key of its own. Take the certificates out of it (openssl pkcs12 -nokeys), "
    "or ask the CA for a PKCS#7 or PEM file.": (
        "Er enthält einen eigenen privaten Schlüssel. Nehmen Sie die Zertifikate heraus (openssl "
        "pkcs12 -nokeys), oder bitten Sie die Zertifizierungsstelle um eine PKCS#7- oder "
        "PEM-Datei."
    ),
    "Export the certificate chain from it (keytool -list -rfc), and upload that.": (
        "Exportieren Sie die Zertifikatskette daraus (keytool -list -rfc), und laden Sie diese "
        "hoch."
    ),
    "Export the certificates as PKCS#7 (P7B) instead.": (
        "Exportieren Sie die Zertifikate stattdessen als PKCS#7 (P7B)."
    ),
    "Ask the CA for the certificate as PKCS#7 SignedData or PEM.": (
        "Bitten Sie die Zertifizierungsstelle um das Zertifikat als PKCS#7 SignedData oder PEM."
    ),
    "Ask the CA for the public key certificate (X.509).": (
        "Bitten Sie die Zertifizierungsstelle um das Zertifikat des öffentlichen Schlüssels "
        "(X.509)."
    ),
    "It tells a certificate's status. Ask the CA for the certificate itself.": (
        "Sie sagt, ob ein Zertifikat gesperrt ist. Bitten Sie die Zertifizierungsstelle um das "
        "Zertifikat selbst."
    ),
    "Ask the CA for the certificate as PEM, DER or PKCS#7.": _ASK_FOR_X509,
    "Ask the CA for an X.509 certificate.": (
        "Bitten Sie die Zertifizierungsstelle um ein X.509-Zertifikat."
    ),
    "Upload the X.509 certificate that the CA returned.": (
        "Laden Sie das X.509-Zertifikat hoch, das die Zertifizierungsstelle zurückgegeben hat."
    ),
    "It is probably an error or sign-in page: open it in a browser, then download the certificate "
    "again.": (
        "Es ist wahrscheinlich eine Fehler- oder Anmeldeseite: Öffnen Sie sie in einem Browser, "
        "und laden Sie das Zertifikat dann noch einmal herunter."
    ),
    "It is probably an error message: read it, then download the certificate again.": (
        "Es ist wahrscheinlich eine Fehlermeldung: Lesen Sie sie, und laden Sie das Zertifikat "
        "dann noch einmal herunter."
    ),
    "Unpack it, and upload the file with the certificate.": (
        "Packen Sie es aus, und laden Sie die Datei mit dem Zertifikat hoch."
    ),
    "Upload the file with the certificate that the CA returned.": (
        "Laden Sie die Datei mit dem Zertifikat hoch, das die Zertifizierungsstelle zurückgegeben "
        "hat."
    ),
    "Convert it to PKCS#12 with the tool that made it, and import that.": (
        "Wandeln Sie sie mit dem Werkzeug, das sie erstellt hat, in PKCS#12 um, und fügen Sie "
        "dieses hinzu."
    ),
    "Unpack it, and import the keystore in it.": (
        "Packen Sie sie aus, und fügen Sie den Keystore darin hinzu."
    ),
    "Add a key in it as a key pair, a certificate as a certificate.": (
        "Fügen Sie einen Schlüssel darin als Schlüsselpaar hinzu, ein Zertifikat als Zertifikat."
    ),
    "Add it as an SSH key.": "Fügen Sie ihn als SSH-Schlüssel hinzu.",
    "Add it as a certificate.": "Fügen Sie es als Zertifikat hinzu.",
    "Check how it was copied.": "Prüfen Sie, wie sie kopiert wurde.",
    "Give an X.509 certificate as PEM, DER or base64.": (
        "Geben Sie ein X.509-Zertifikat als PEM, DER oder Base64 an."
    ),
    "Add it as a key pair, or as an SSH key if it is one.": (
        "Fügen Sie ihn als Schlüsselpaar hinzu, oder als SSH-Schlüssel, wenn er einer ist."
    ),
    "Import it as a whole keystore; that takes certificates alone, too.": (
        "Fügen Sie die Datei als ganzen Keystore hinzu; so gehen auch Zertifikate allein."
    ),
    "Put each into a file of its own, and add them one by one.": (
        "Legen Sie jedes in eine eigene Datei, und fügen Sie sie einzeln hinzu."
    ),
    "Import the file as a whole keystore to take all of them.": (
        "Fügen Sie die Datei als ganzen Keystore hinzu, um alle zu übernehmen."
    ),
    "Import it as a whole keystore if it is one: that takes larger files.": (
        "Fügen Sie sie als ganzen Keystore hinzu, wenn sie einer ist: So gehen größere Dateien."
    ),
}

OF_OTHER_FILES: Mapping[str, str] = {**_KINDS, **_REMEDIES}
