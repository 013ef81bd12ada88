"""German for usual reasons about files: what is damaged, whose it is, keys, passwords."""

from collections.abc import Mapping

_COPY_AGAIN = "Kopieren Sie die Datei noch einmal von dort, wo sie erstellt wurde."
_RIGHT_FILE = (
    "Haben Sie einen verschlüsselten Schlüssel erwartet, prüfen Sie, ob es die richtige Datei ist."
)

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
}

_WHOSE: Mapping[str, str] = {
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
    "its signature algorithm does not fit the issuer's {} key": (
        "Sein Signaturverfahren passt nicht zum {}-Schlüssel des Ausstellers"
    ),
    "its signature algorithm does not fit the issuer's key": (
        "Sein Signaturverfahren passt nicht zum Schlüssel des Ausstellers"
    ),
    "the issuer's key is of a type that cannot verify signatures": (
        "Der Schlüssel des Ausstellers ist von einem Typ, der keine Signaturen prüfen kann"
    ),
    "the signature does not verify with that issuer's key": (
        "Die Signatur lässt sich mit dem Schlüssel dieses Ausstellers nicht bestätigen"
    ),
    "the signature uses an algorithm that cannot be verified here": (
        "Die Signatur verwendet ein Verfahren, das hier nicht geprüft werden kann"
    ),
    "the issuer's RSA key has an exponent that is too long": (
        "Der RSA-Schlüssel des Ausstellers hat einen zu langen Exponenten"
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

_KEYS: Mapping[str, str] = {
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
    "The numbers of the private key do not belong together, or not to its public key: the file is "
    "damaged or was put together from several keys.": (
        "Die Zahlen des privaten Schlüssels gehören nicht zusammen, oder nicht zu seinem "
        "öffentlichen Schlüssel: Die Datei ist beschädigt oder aus mehreren Schlüsseln "
        "zusammengesetzt."
    ),
    "The private key is damaged, or in a form that is not known here. Convert it to PEM, for "
    "example with 'openssl pkey -in FILE -out key.pem'.": (
        "Der private Schlüssel ist beschädigt, oder in einer hier unbekannten Form. Wandeln Sie "
        "ihn in PEM um, zum Beispiel mit „openssl pkey -in FILE -out key.pem“."
    ),
    "The key is in OpenSSH's own format. Add it as an SSH key; for another use, convert a copy of "
    "the file with 'ssh-keygen -p -m PKCS8 -f COPY' and give that.": (
        "Der Schlüssel ist in OpenSSHs eigenem Format. Fügen Sie ihn als SSH-Schlüssel hinzu; für "
        "einen anderen Zweck wandeln Sie eine Kopie der Datei mit „ssh-keygen -p -m PKCS8 -f COPY“ "
        "um, und geben Sie diese an."
    ),
    "The key is for key agreement alone and cannot sign.": (
        "Der Schlüssel ist nur für den Schlüsselaustausch und kann nicht signieren."
    ),
    "Use an RSA, EC, DSA, Ed25519, Ed448 or ML-DSA key.": (
        "Verwenden Sie einen RSA-, EC-, DSA-, Ed25519-, Ed448- oder ML-DSA-Schlüssel."
    ),
    "An RSA key of {} bits cannot be used.": (
        "Ein RSA-Schlüssel mit {} Bit kann nicht verwendet werden."
    ),
    "Use one of {} to {} bits.": "Verwenden Sie einen mit {} bis {} Bit.",
    "The private key in the file is cut off. Copy it again, with its BEGIN and END lines.": (
        "Der private Schlüssel in der Datei ist abgeschnitten. Kopieren Sie ihn noch einmal, mit "
        "seinen BEGIN- und END-Zeilen."
    ),
    "The file is a PuTTY key. Add it as an SSH key.": (
        "Die Datei ist ein PuTTY-Schlüssel. Fügen Sie ihn als SSH-Schlüssel hinzu."
    ),
    "SSH takes RSA, DSA, Ed25519, and EC keys on P-256, P-384 and P-521. Use one of these with "
    "SSH.": (
        "SSH nimmt RSA-, DSA- und Ed25519-Schlüssel, und EC-Schlüssel auf P-256, P-384 und P-521. "
        "Verwenden Sie mit SSH einen davon."
    ),
}

_PASSWORDS: Mapping[str, str] = {
    "The key is encrypted. Give its password.": (
        "Der Schlüssel ist verschlüsselt. Geben Sie sein Kennwort an."
    ),
    "A password was given, but the key is not encrypted. Repeat without the password; if you "
    "expected an encrypted key, check that this is the right file.": (
        "Ein Kennwort wurde angegeben, doch der Schlüssel ist nicht verschlüsselt. Wiederholen Sie "
        f"es ohne Kennwort. {_RIGHT_FILE}"
    ),
    "The password is wrong, or the encrypted key is damaged. Check the password with 'openssl pkey "
    "-in FILE -noout'.": (
        "Das Kennwort ist falsch, oder der verschlüsselte Schlüssel ist beschädigt. Prüfen Sie das "
        "Kennwort mit „openssl pkey -in FILE -noout“."
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
        "Die PKCS#12-Datei ist mit einem Kennwort geschützt, und keines wurde angegeben. Geben Sie "
        "das an, mit dem sie erstellt wurde."
    ),
    "The password is not the one that the PKCS#12 file was made with, or the file was altered "
    "since. Check the password, above all upper and lower case and the keyboard's layout.": (
        "Das Kennwort ist nicht das, mit dem die PKCS#12-Datei erstellt wurde, oder die Datei "
        "wurde seither verändert. Prüfen Sie das Kennwort, vor allem Groß- und Kleinschreibung "
        "und die Belegung der Tastatur."
    ),
    "The password is right for the PKCS#12 file as a whole, but a part of it is encrypted with "
    "another one (as by 'openssl pkcs12 -twopass'). Give that one as the password of the keys.": (
        "Das Kennwort stimmt für die PKCS#12-Datei als Ganzes, doch ein Teil von ihr ist mit einem "
        "anderen verschlüsselt (wie von „openssl pkcs12 -twopass“). Geben Sie dieses als Kennwort "
        "der Schlüssel an."
    ),
    "The password is not that of the {} file, or the file was altered after it was written. Try "
    "the password again; if it is right, fetch the file anew.": (
        "Das Kennwort ist nicht das der {}-Datei, oder die Datei wurde verändert, nachdem sie "
        "geschrieben war. Versuchen Sie das Kennwort noch einmal; stimmt es, holen Sie die Datei "
        "neu."
    ),
    "The {} file holds {} private key and needs its password.": (
        "Die {}-Datei enthält {} privaten Schlüssel, und ihr Kennwort wird gebraucht."
    ),
    "The {} file holds {} private keys and needs its password.": (
        "Die {}-Datei enthält {} private Schlüssel, und ihr Kennwort wird gebraucht."
    ),
    "The password is no UTF-8 text; type it anew.": (
        "Das Kennwort ist kein UTF-8-Text; geben Sie es neu ein."
    ),
    "The password of the file does not open this key. Give the password of its keys along with "
    "it.": (
        "Das Kennwort der Datei öffnet diesen Schlüssel nicht. Geben Sie das Kennwort ihrer "
        "Schlüssel mit an."
    ),
    "Encrypt it anew with fewer, or raise the setting KEYSTEWARD_DERIVATION_LIMIT_ROUNDS.": (
        "Verschlüsseln Sie sie neu mit weniger, oder erhöhen Sie die Einstellung "
        "KEYSTEWARD_DERIVATION_LIMIT_ROUNDS."
    ),
    "{} rounds of key derivation": "{} Runden der Schlüsselableitung",
}

OF_FILES: Mapping[str, str] = {
    **_DAMAGED,
    **_WHOSE,
    **_KEYS,
    **_PASSWORDS,
}
