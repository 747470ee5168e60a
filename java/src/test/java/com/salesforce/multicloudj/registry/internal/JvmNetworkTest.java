package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.probe.ProxyProbe;
import com.salesforce.multicloudj.registry.support.Product;
import com.salesforce.multicloudj.registry.support.Properties;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JvmNetworkTest {
    private static final String PASSWORD = "change it";

    @TempDir
    Path dir;

    private static Map<String, String> settings(String... given) {
        Map<String, String> settings = new TreeMap<>();
        for (int i = 0; i < given.length; i += 2) {
            settings.put(given[i], given[i + 1]);
        }
        JvmNetwork.addTo(settings);
        return settings;
    }

    @ParameterizedTest
    @CsvSource({
        "proxy.example.com, 3128, , , http://proxy.example.com:3128",
        "proxy.example.com, , , , http://proxy.example.com:443",
        "2001:db8::1, 3128, , , http://[2001:db8::1]:3128",
        "[2001:db8::1], 3128, , , http://[2001:db8::1]:3128",
        "proxy, 3128, me, secret, http://me:secret@proxy:3128",
        "proxy, 3128, me, , http://me@proxy:3128",
        "proxy, 3128, 'DOM\\me', 'p@s:s w+rd/ü', http://DOM%5Cme:p%40s%3As%20w%2Brd%2F%C3%BC@proxy:3128",
        "proxy, 3128, , secret, http://proxy:3128",
    })
    void theProxyOfTheJvm(String host, String port, String user, String password, String expected) {
        try (Properties properties = new Properties()) {
            properties.set("https.proxyHost", host).set("https.proxyPort", port);
            properties.set("https.proxyUser", user).set("https.proxyPassword", password);
            assertEquals(Map.of("proxy-endpoint", expected), settings());
            assertEquals(Map.of("proxy-endpoint", "direct"), settings("proxy-endpoint", "direct"));
        }
    }

    @Test
    void theProxyForPlainHttpIsNotTaken() {
        try (Properties properties = new Properties()) {
            properties.set("http.proxyHost", "proxy").set("http.proxyPort", "3128").set("https.proxyHost", "");
            assertEquals(Map.of(), settings());
        }
    }

    @Test
    void hostsWithoutTheProxy() {
        try (Properties properties = new Properties()) {
            properties.set("http.nonProxyHosts", "*.example.com|10.*");
            assertEquals(Map.of("non-proxy-hosts", "*.example.com|10.*"), settings());
            assertEquals(Map.of("no-proxy", "a.io"), settings("no-proxy", "a.io"));
            properties.set("http.nonProxyHosts", "");
            assertEquals(Map.of("non-proxy-hosts", ""), settings());
        }
    }

    @Test
    void builderThenPropertiesThenEnvironment() {
        String[] environment = {"HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=a.io"};
        List<String> properties =
                List.of("--enable-native-access=ALL-UNNAMED", "-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=2");
        assertProxy("http://127.0.0.1:1", Product.javaWith(environment, properties.subList(0, 1), ProxyProbe.class));
        assertProxy("http://127.0.0.1:2", Product.javaWith(environment, properties, ProxyProbe.class));
        Product.Run run = Product.javaWith(environment, properties, ProxyProbe.class, "http://me:canary@127.0.0.1:3");
        assertProxy("http://127.0.0.1:3", run);
        assertFalse(run.output.contains("canary"), run.output);

        List<String> excepted = new ArrayList<>(properties);
        excepted.add("-Dhttp.nonProxyHosts=*.invalid");
        run = Product.javaWith(environment, excepted, ProxyProbe.class);
        assertTrue(run.output.contains("registry.invalid") && !run.output.contains("the proxy"), run.output);
    }

    private static void assertProxy(String proxy, Product.Run run) {
        assertTrue(run.output.contains("cannot connect to the proxy " + proxy + ":"), run.toString());
    }

    /** A store with the certificate in a file, made by the tool that everybody uses. */
    private Path store(Path certificate, String type) throws Exception {
        Path store = dir.resolve("store." + type);
        keytool("-importcert", "-noprompt", "-alias", "company", "-file", certificate.toString(), "-keystore",
                store.toString(), "-storetype", type, "-storepass", PASSWORD);
        return store;
    }

    private static void keytool(String... args) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(Arrays.asList(args));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PKCS12", "JKS"})
    void theTrustStoreOfTheJvm(String type) throws Exception {
        try (TestRegistry registry = TestRegistry.start("--tls", dir.toString());
                Properties properties = new Properties()) {
            Path image = dir.resolve("image.tar");
            try (RepositoryClient client = registry.clientBuilder().withOption("retry-attempts", "1").build()) {
                assertThrows(UnknownException.class, () -> client.pullImage("app:gzip", image));
            }
            properties.set("javax.net.ssl.trustStore", store(dir.resolve("ca.pem"), type).toString());
            properties.set("javax.net.ssl.trustStorePassword", PASSWORD);
            properties.set("javax.net.ssl.trustStoreType", type);
            try (RepositoryClient client = registry.client()) {
                client.pullImage("app:gzip", image);
            }
            assertTrue(Files.exists(image));
        }
    }

    @Test
    void aTrustStoreThatCannotBeReadIsTold() throws Exception {
        Path certificate = dir.resolve("own.pem");
        keytool("-genkeypair", "-alias", "own", "-dname", "CN=own", "-keyalg", "EC", "-keystore",
                dir.resolve("keys").toString(), "-storepass", PASSWORD);
        keytool("-exportcert", "-rfc", "-alias", "own", "-file", certificate.toString(), "-keystore",
                dir.resolve("keys").toString(), "-storepass", PASSWORD);
        try (Properties properties = new Properties()) {
            assertRefused(properties.set("javax.net.ssl.trustStore", "/nonexistent/store"), "/nonexistent/store");
            assertRefused(properties.set("javax.net.ssl.trustStore", certificate.toString()), "cannot be read");
            Path store = store(certificate, "PKCS12");
            assertRefused(properties.set("javax.net.ssl.trustStore", store.toString()), "no trusted certificate");
            properties.set("javax.net.ssl.trustStorePassword", "wrong");
            assertRefused(properties, "password");
            properties.set("javax.net.ssl.trustStorePassword", PASSWORD);
            String pem = Files.readString(certificate).replace("\r", "");
            assertEquals(Map.of("trusted-certificates-pem", pem), settings());
            assertEquals(Map.of("trusted-certificates-pem", "x"), settings("trusted-certificates-pem", "x"));
            properties.set("javax.net.ssl.trustStoreType", "no such type");
            assertRefused(properties, "no such type");
            assertEquals(Map.of(), settings(properties.set("javax.net.ssl.trustStore", "NONE")));
        }
    }

    private static Map<String, String> settings(Properties set) {
        return settings();
    }

    private static void assertRefused(Properties set, String words) {
        InvalidArgumentException e = assertThrows(InvalidArgumentException.class, () -> settings());
        assertTrue(e.getMessage().contains(words), e.getMessage());
        assertFalse(e.getMessage().contains(PASSWORD), e.getMessage());
    }
}
