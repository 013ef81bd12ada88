import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyStore;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.GregorianCalendar;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;

/**
 * Does what the lines of its standard input say, fields separated by tabs, in one virtual machine.
 *
 * <pre>
 * keytool ARGUMENT...                        runs keytool
 * list TYPE FILE PASSWORD KEY-PASSWORD...    prints what a keystore holds; PASSWORD "null": none
 * encrypt PASSWORD SALT COUNT CLEAR          encrypts with PBEWithMD5AndTripleDES; in hexadecimal
 * serialize                                  prints some objects, each serialized; in hexadecimal
 * </pre>
 */
public class KeystoreDesk {
    private static final HexFormat HEX = HexFormat.of();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        System.setOut(System.err);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\t", -1);
            String[] rest = Arrays.copyOfRange(fields, 1, fields.length);
            switch (fields[0]) {
                case "keytool" -> sun.security.tools.keytool.Main.main(rest);
                case "list" -> list(rest);
                case "serialize" -> serialize();
                case "encrypt" -> encrypt(rest);
                default -> throw new IllegalArgumentException(line);
            }
        }
    }

    private static void list(String[] fields) throws Exception {
        KeyStore store = KeyStore.getInstance(fields[0]);
        char[] password = fields[2].equals("null") ? null : fields[2].toCharArray();
        try (FileInputStream file = new FileInputStream(fields[1])) {
            store.load(file, password);
        }
        for (String alias : Collections.list(store.aliases())) {
            StringJoiner line = new StringJoiner("\t").add(alias);
            if (store.isCertificateEntry(alias)) {
                line.add("certificate").add(hex(store.getCertificate(alias)));
            } else if (store.isKeyEntry(alias)) {
                Key key = key(store, alias, fields);
                Certificate[] chain = store.getCertificateChain(alias);
                line.add(chain == null ? "secret" : "key").add(HEX.formatHex(key.getEncoded()));
                for (Certificate certificate : chain == null ? new Certificate[0] : chain) {
                    line.add(hex(certificate));
                }
            } else {
                line.add("unreachable");
            }
            OUT.println(line);
        }
    }

    private static Key key(KeyStore store, String alias, String[] fields) throws Exception {
        for (int i = 2; i < fields.length; i++) {
            try {
                return store.getKey(alias, fields[i].toCharArray());
            } catch (UnrecoverableKeyException next) {
                continue;
            }
        }
        throw new IllegalArgumentException(alias);
    }

    private static String hex(Certificate certificate) throws Exception {
        return HEX.formatHex(certificate.getEncoded());
    }

    private static void encrypt(String[] fields) throws Exception {
        String algorithm = "PBEWithMD5AndTripleDES";
        PBEParameterSpec parameters =
            new PBEParameterSpec(HEX.parseHex(fields[1]), Integer.parseInt(fields[2]));
        Cipher cipher = Cipher.getInstance(algorithm);
        PBEKeySpec password = new PBEKeySpec(fields[0].toCharArray());
        cipher.init(
            Cipher.ENCRYPT_MODE,
            SecretKeyFactory.getInstance(algorithm).generateSecret(password),
            parameters);
        OUT.println(HEX.formatHex(cipher.doFinal(HEX.parseHex(fields[3]))));
    }

    private static void serialize() throws Exception {
        InvocationHandler handler =
            (InvocationHandler & Serializable) (proxy, method, arguments) -> null;
        Object proxy =
            Proxy.newProxyInstance(
                KeystoreDesk.class.getClassLoader(), new Class<?>[] {Runnable.class}, handler);
        Object[] objects = {
            "text",
            "x".repeat(70_000),
            new int[] {1, 2, 3},
            new boolean[0],
            new String[][] {{"a", null}, {"a"}},
            new HashMap<>(Map.of("a", List.of(1, 2L), "b", new ArrayList<>(List.of(1.5, 'c')))),
            Thread.State.BLOCKED,
            String.class,
            new BigDecimal("3.14"),
            LocalDate.of(2024, 2, 29),
            new GregorianCalendar(2024, 1, 29),
            new IllegalStateException("circular: its cause is itself"),
            proxy,
        };
        for (Object object : objects) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream stream = new ObjectOutputStream(bytes)) {
                stream.writeObject(object);
            }
            OUT.println(HEX.formatHex(bytes.toByteArray()));
        }
    }
}
