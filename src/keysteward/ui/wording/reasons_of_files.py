"""German for usual reasons about files: what they are instead, what is wrong, their passwords."""

from collections.abc import Mapping

_ASK_FOR_X509 = "Bitten Sie die Zertifizierungsstelle um das Zertifikat als PEM, DER oder PKCS#7."
_ASK_FOR_CHAIN = "Bitten Sie die Zertifizierungsstelle um das Zertifikat und seine Kette."
_COPY_AGAIN = "Kopieren Sie die Datei noch einmal von dort, wo sie erstellt wurde."
_RIGHT_FILE = (
    "Haben Sie einen verschlüsselten Schlüssel erwartet, prüfen Sie, ob es die richtige Datei ist."
)

_OTHER_FILES: Mapping[str, str] = {
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

_OF_OTHER_FILES: Mapping[str, str] = {
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
        "Exportieren Sie die Zertifikate statt dessen als PKCS#7 (P7B)."
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

_DAMAGED: Mapping[str, str] = {
    "The file is {}.": "Die Datei ist {}.",
    "The file holds {} certificates instead of one.": (
        "Die Datei enthält {} Zertifikate statt eines einzigen."
    ),
    "The file holds more than {} certificates.": "Die Datei enthält mehr als {} Zertifikate.",
    "The file holds more than {} parts.": "Die Datei enthält mehr als {} Teile.",
    "The file holds more than {} base64 texts.": "Die Datei enthält mehr als {} Base64-Texte.",
    "The file packs text in text in text.": "In der Datei ist Text in Text in Text verpackt.",
    "The chain cannot be found with {} signature verifications.": (
        "Die Kette lässt sich mit {} Signaturprüfungen nicht finden."
    ),
    "A PEM block in the file holds no base64.": ("Ein PEM-Block in der Datei enthält kein Base64."),
    "A PEM block in the file has no END line.": "Einem PEM-Block in der Datei fehlt die END-Zeile.",
    "A PEM block that should hold a certificate holds something else.": (
        "Ein PEM-Block, der ein Zertifikat enthalten sollte, enthält etwas anderes."
    ),
    "The file is cut off in a BEGIN line.": "Die Datei ist in einer BEGIN-Zeile abgeschnitten.",
    "The certificate path is malformed.": "Der Zertifikatspfad ist fehlerhaft.",
    "A certificate path in the file is malformed.": (
        "Ein Zertifikatspfad in der Datei ist fehlerhaft."
    ),
    "A certificate in the file is cut off.": "Ein Zertifikat in der Datei ist abgeschnitten.",
    "A certificate in the file is malformed.": "Ein Zertifikat in der Datei ist fehlerhaft.",
    "The PKCS#7 message is cut off.": "Die PKCS#7-Nachricht ist abgeschnitten.",
    "The PKCS#7 message is malformed.": "Die PKCS#7-Nachricht ist fehlerhaft.",
    "The PKCS#12 file is cut off.": "Die PKCS#12-Datei ist abgeschnitten.",
    "The PKCS#12 file is malformed.": "Die PKCS#12-Datei ist fehlerhaft.",
    "The certificate is malformed.": "Das Zertifikat ist fehlerhaft.",
    "The certificate has an unknown version.": "Das Zertifikat hat eine unbekannte Version.",
    "1 certificate of the file cannot be read, and one may belong to the chain.": (
        "Ein Zertifikat der Datei ist nicht lesbar, und es könnte zur Kette gehören."
    ),
    "{} certificates of the file cannot be read, and one may belong to the chain.": (
        "{} Zertifikate der Datei sind nicht lesbar, und eines könnte zur Kette gehören."
    ),
    "1 certificate of the file cannot be read, and none of the others is for this key.": (
        "Ein Zertifikat der Datei ist nicht lesbar, und keines der anderen ist für diesen "
        "Schlüssel."
    ),
    "{} certificates of the file cannot be read, and none of the others is for this key.": (
        "{} Zertifikate der Datei sind nicht lesbar, und keines der anderen ist für diesen "
        "Schlüssel."
    ),
    "The private key is damaged: its text is no base64.": (
        "Der private Schlüssel ist beschädigt: Sein Text ist kein Base64."
    ),
    "The file holds no private key. Give one in PEM (PKCS#8, PKCS#1 or SEC1).": (
        "Die Datei enthält keinen privaten Schlüssel. Geben Sie einen in PEM an (PKCS#8, PKCS#1 "
        "oder SEC1)."
    ),
    "The {} file holds certificates alone. Give the file with the key.": (
        "Die {}-Datei enthält nur Zertifikate. Geben Sie die Datei mit dem Schlüssel an."
    ),
    "The file holds {} private keys. Give a file with one of them.": (
        "Die Datei enthält {} private Schlüssel. Geben Sie eine Datei mit einem davon an."
    ),
    # Whose a certificate is.
    "Check to which signing request the CA answered.": (
        "Prüfen Sie, auf welche Signieranforderung die Zertifizierungsstelle geantwortet hat."
    ),
    "The file holds CA certificates only; the certificate for the key itself is missing: ask the "
    "CA for it.": (
        "Die Datei enthält nur Zertifikate von Zertifizierungsstellen; das für den Schlüssel "
        "selbst fehlt: Bitten Sie die Zertifizierungsstelle darum."
    ),
    "It belongs to the alias {}: upload it there.": (
        "Es gehört zum Alias {}: Laden Sie es dort hoch."
    ),
    "It belongs to version {} of the alias {}, whose key is not in use.": (
        "Es gehört zu Version {} des Alias {}, deren Schlüssel nicht in Gebrauch ist."
    ),
    "It belongs to the key of version {} of this entry, which was given up. Upload the answer to "
    "the latest signing request.": (
        "Es gehört zum Schlüssel der Version {} dieses Eintrags, der aufgegeben wurde. Laden Sie "
        "die Antwort auf die letzte Signieranforderung hoch."
    ),
    "It is the certificate of version {} of this entry: roll back to that version to have it "
    "again.": (
        "Es ist das Zertifikat der Version {} dieses Eintrags: Kehren Sie zu dieser Version "
        "zurück, um es wieder zu haben."
    ),
    "its basic constraints say that it is no CA": (
        "Seine Basiseinschränkungen (Basic Constraints) sagen, dass es keine ist"
    ),
    "it has no basic constraints that make it a CA": (
        "Ihm fehlen die Basiseinschränkungen (Basic Constraints), die es dazu machen"
    ),
    "its key usage does not include keyCertSign": (
        "Seine Schlüsselverwendung enthält keyCertSign nicht"
    ),
}

_PASSWORDS: Mapping[str, str] = {
    "The key is encrypted. Give its password.": (
        "Der Schlüssel ist verschlüsselt. Geben Sie sein Passwort an."
    ),
    "A password was given, but the key is not encrypted. Repeat without the password; if you "
    "expected an encrypted key, check that this is the right file.": (
        "Ein Passwort wurde angegeben, doch der Schlüssel ist nicht verschlüsselt. Wiederholen Sie "
        f"es ohne Passwort. {_RIGHT_FILE}"
    ),
    "The password is wrong, or the encrypted key is damaged. Check the password with 'openssl pkey "
    "-in FILE -noout'.": (
        "Das Passwort ist falsch, oder der verschlüsselte Schlüssel ist beschädigt. Prüfen Sie das "
        "Passwort mit „openssl pkey -in FILE -noout“."
    ),
    "The PuTTY key is encrypted. Give its passphrase.": (
        "Der PuTTY-Schlüssel ist verschlüsselt. Geben Sie seine Passphrase an."
    ),
    "The OpenSSH key is encrypted. Give its passphrase.": (
        "Der OpenSSH-Schlüssel ist verschlüsselt. Geben Sie seine Passphrase an."
    ),
    "A passphrase was given, but the {} key is not encrypted. Repeat without it; if you expected "
    "an encrypted key, check that this is the right file.": (
        "Eine Passphrase wurde angegeben, doch der {}-Schlüssel ist nicht verschlüsselt. "
        f"Wiederholen Sie es ohne sie. {_RIGHT_FILE}"
    ),
    "The passphrase is wrong, or the PuTTY key was altered. Check the passphrase in PuTTYgen.": (
        "Die Passphrase ist falsch, oder der PuTTY-Schlüssel wurde verändert. Prüfen Sie die "
        "Passphrase in PuTTYgen."
    ),
    "The passphrase is wrong, or the OpenSSH key was altered. Check the passphrase with "
    "'ssh-keygen -y -f FILE'.": (
        "Die Passphrase ist falsch, oder der OpenSSH-Schlüssel wurde verändert. Prüfen Sie die "
        "Passphrase mit „ssh-keygen -y -f FILE“."
    ),
    "The {} key is damaged: {}. Copy the file again from where it was made.": (
        f"Der {{}}-Schlüssel ist beschädigt: {{}}. {_COPY_AGAIN}"
    ),
    "The PKCS#12 file is protected by a password, and none was given. Give the one that it was "
    "made with.": (
        "Die PKCS#12-Datei ist mit einem Passwort geschützt, und keines wurde angegeben. Geben Sie "
        "das an, mit dem sie erstellt wurde."
    ),
    "The password is not the one that the PKCS#12 file was made with, or the file was altered "
    "since. Check the password, above all upper and lower case and the keyboard's layout.": (
        "Das Passwort ist nicht das, mit dem die PKCS#12-Datei erstellt wurde, oder die Datei "
        "wurde seither verändert. Prüfen Sie das Passwort, vor allem Groß- und Kleinschreibung "
        "und die Belegung der Tastatur."
    ),
    "The password is right for the PKCS#12 file as a whole, but a part of it is encrypted with "
    "another one (as by 'openssl pkcs12 -twopass'). Give that one as the password of the keys.": (
        "Das Passwort stimmt für die PKCS#12-Datei als Ganzes, doch ein Teil von ihr ist mit einem "
        "anderen verschlüsselt (wie von „openssl pkcs12 -twopass“). Geben Sie dieses als Passwort "
        "der Schlüssel an."
    ),
    "The password is not that of the {} file, or the file was altered after it was written. Try "
    "the password again; if it is right, fetch the file anew.": (
        "Das Passwort ist nicht das der {}-Datei, oder die Datei wurde verändert, nachdem sie "
        "geschrieben war. Versuchen Sie das Passwort noch einmal; stimmt es, holen Sie die Datei "
        "neu."
    ),
    "The {} file holds {} private key and needs its password.": (
        "Die {}-Datei enthält {} privaten Schlüssel, und ihr Passwort wird gebraucht."
    ),
    "The {} file holds {} private keys and needs its password.": (
        "Die {}-Datei enthält {} private Schlüssel, und ihr Passwort wird gebraucht."
    ),
    "The password is no UTF-8 text; type it anew.": (
        "Das Passwort ist kein UTF-8-Text; geben Sie es neu ein."
    ),
    "The password of the file does not open this key. Give the password of its keys along with "
    "it.": (
        "Das Passwort der Datei öffnet diesen Schlüssel nicht. Geben Sie das Passwort ihrer "
        "Schlüssel mit an."
    ),
    "Encrypt it anew with fewer, or raise the setting KEYSTEWARD_DERIVATION_LIMIT_ROUNDS.": (
        "Verschlüsseln Sie sie neu mit weniger, oder erhöhen Sie die Einstellung "
        "KEYSTEWARD_DERIVATION_LIMIT_ROUNDS."
    ),
    "{} rounds of key derivation": "{} Runden der Schlüsselableitung",
}

OF_FILES: Mapping[str, str] = {**_OTHER_FILES, **_OF_OTHER_FILES, **_DAMAGED, **_PASSWORDS}
