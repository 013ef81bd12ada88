import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Updates a key pair in a Java keystore file, as a Java program would that keeps its key pairs in
 * one: load, read the response, setKeyEntry, store, sync. And takes over whole keystore files.
 *
 * <p>Lines on standard input: {@code make TYPE FILE COUNT PAIRS} makes a keystore of the first COUNT
 * key pairs in the file PAIRS. {@code update TYPE FILE ALIAS RESPONSE} does one update: it verifies
 * no signature and writes the file in place, which a crash can leave half written. {@code safe} with
 * the same words verifies the chain's signatures as keytool does, writes a new file, renames it and
 * syncs the folder. {@code take TYPE FILE TARGET} moves all entries of a keystore into a new JKS file
 * and syncs that; nothing is verified. The answer to each is a line with the nanoseconds that it took.
 */
public final class Keystores {
    private static final char[] PASSWORD = "benchmark".toCharArray();

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t");
            long start = System.nanoTime();
            if (words[0].equals("make")) {
                make(words[1], Path.of(words[2]), Integer.parseInt(words[3]), Path.of(words[4]));
            } else if (words[0].equals("take")) {
                take(words[1], Path.of(words[2]), Path.of(words[3]));
            } else {
                boolean safe = words[0].equals("safe");
                update(words[1], Path.of(words[2]), words[3], Path.of(words[4]), safe);
            }
            System.out.println(System.nanoTime() - start);
        }
    }

    private static void update(
            String type, Path file, String alias, Path response, boolean safe) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        Certificate[] chain;
        try (InputStream in = new FileInputStream(response.toFile())) {
            chain =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(in)
                            .toArray(new Certificate[0]);
        }
        chain = ordered(chain, store.getCertificate(alias), safe);
        Key key = store.getKey(alias, PASSWORD);
        store.setKeyEntry(alias, key, PASSWORD, chain);
        if (safe) {
            replace(store, file);
        } else {
            write(store, file);
        }
    }

    private static void take(String type, Path file, Path target) throws Exception {
        KeyStore source = KeyStore.getInstance(type);
        try (InputStream in = Files.newInputStream(file)) {
            source.load(in, PASSWORD);
        }
        KeyStore taken = KeyStore.getInstance("JKS");
        taken.load(null, null);
        for (String alias : Collections.list(source.aliases())) {
            if (source.isKeyEntry(alias)) {
                Key key = source.getKey(alias, PASSWORD);
                taken.setKeyEntry(alias, key, PASSWORD, source.getCertificateChain(alias));
            } else {
                taken.setCertificateEntry(alias, source.getCertificate(alias));
            }
        }
        write(taken, target);
    }

    private static Certificate[] ordered(
            Certificate[] found, Certificate current, boolean verify) throws Exception {
        List<Certificate> chain = new ArrayList<>();
        X509Certificate next = null;
        for (Certificate candidate : found) {
            if (candidate.getPublicKey().equals(current.getPublicKey())) {
                next = (X509Certificate) candidate;
            }
        }
        while (next != null) {
            X509Certificate child = next;
            chain.add(child);
            next = null;
            for (Certificate candidate : found) {
                X509Certificate issuer = (X509Certificate) candidate;
                if (issuer.getSubjectX500Principal().equals(child.getIssuerX500Principal())) {
                    if (verify) {
                        child.verify(issuer.getPublicKey());
                    }
                    next = issuer.equals(child) ? null : issuer;
                }
            }
        }
        if (chain.size() != found.length) {
            throw new IllegalStateException("the response is for another key");
        }
        return chain.toArray(new Certificate[0]);
    }

    private static void write(KeyStore store, Path file) throws Exception {
        try (FileOutputStream out = new FileOutputStream(file.toFile())) {
            store.store(out, PASSWORD);
            out.getFD().sync();
        }
    }

    private static void replace(KeyStore store, Path file) throws Exception {
        Path written = file.resolveSibling(file.getFileName() + ".new");
        write(store, written);
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static void make(String type, Path file, int count, Path pairs) throws Exception {
        KeyStore store = KeyStore.getInstance(type);
        store.load(null, null);
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        try (DataInputStream in = new DataInputStream(Files.newInputStream(pairs))) {
            for (int number = 0; number < count; number++) {
                byte[] encoded = block(in);
                Certificate[] chain = new Certificate[in.readInt()];
                for (int position = 0; position < chain.length; position++) {
                    ByteArrayInputStream der = new ByteArrayInputStream(block(in));
                    chain[position] = certificates.generateCertificate(der);
                }
                String algorithm = chain[0].getPublicKey().getAlgorithm();
                PrivateKey key =
                        KeyFactory.getInstance(algorithm)
                                .generatePrivate(new PKCS8EncodedKeySpec(encoded));
                store.setKeyEntry("partner-" + number, key, PASSWORD, chain);
            }
        }
        write(store, file);
    }

    private static byte[] block(DataInputStream in) throws Exception {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }
}
