import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;

/** Prints the SHA-256 of each certificate of a PkiPath, end-entity first as Java keeps a path. */
class PrintPkiPath {
    public static void main(String[] arguments) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (Certificate certificate
                : factory.generateCertPath(System.in, "PkiPath").getCertificates()) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            System.out.println(HexFormat.of().formatHex(digest));
        }
    }
}
