package com.salesforce.multicloudj.registry.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.Collections;
import java.util.Map;

/**
 * What this JVM is told about proxies and trust by its system properties, as settings of the native library, which would
 * otherwise only know the environment.
 *
 * <p>{@code http.proxyHost} is not among them: it is for plain http, which is spoken with loopback addresses only.
 */
public final class JvmNetwork {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private JvmNetwork() {}

    /**
     * Adds what the properties say to {@code settings}, which win.
     *
     * @param settings the keys that {@code docs} list
     * @throws com.salesforce.multicloudj.common.exceptions.InvalidArgumentException if the trust store of this JVM cannot
     *     be read
     */
    public static void addTo(Map<String, String> settings) {
        String host = property("https.proxyHost");
        if (host != null) {
            settings.putIfAbsent("proxy-endpoint", proxy(host));
        }
        // Also for https, and also if it is empty: there is no property of its own.
        String direct = System.getProperty("http.nonProxyHosts");
        if (direct != null && !settings.containsKey("no-proxy")) {
            settings.putIfAbsent("non-proxy-hosts", direct);
        }
        String store = property("javax.net.ssl.trustStore");
        if (store != null && !store.equals("NONE") && !settings.containsKey("trusted-certificates-pem")) {
            settings.put("trusted-certificates-pem", certificates(store));
        }
    }

    /** The user and password are no properties of the JDK, but of Gradle, Maven and Jib. */
    private static String proxy(String host) {
        String user = property("https.proxyUser");
        String password = property("https.proxyPassword");
        String port = property("https.proxyPort");
        String login = user == null ? "" : escaped(user) + (password == null ? "" : ":" + escaped(password)) + "@";
        String authority = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        // The JDK's own default, though few proxies listen there.
        return "http://" + login + authority + ":" + (port == null ? "443" : port);
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The certificates that the store trusts, in PEM. */
    private static String certificates(String path) {
        String what = "the trust store " + path + " of this JVM (javax.net.ssl.trustStore)";
        StringBuilder pem = new StringBuilder();
        try {
            KeyStore store = load(path);
            for (String alias : Collections.list(store.aliases())) {
                Certificate certificate = store.isCertificateEntry(alias) ? store.getCertificate(alias) : null;
                if (certificate != null) {
                    pem.append("-----BEGIN CERTIFICATE-----\n")
                            .append(LINES.encodeToString(certificate.getEncoded()))
                            .append("\n-----END CERTIFICATE-----\n");
                }
            }
        } catch (IOException | GeneralSecurityException | InvalidPathException e) {
            throw Failures.invalid(what + " cannot be read: " + e, e);
        }
        if (pem.length() == 0) {
            throw Failures.invalid(what + " shows no trusted certificate; without its password (javax.net.ssl."
                    + "trustStorePassword) a PKCS #12 store shows none");
        }
        return pem.toString();
    }

    private static KeyStore load(String path) throws IOException, GeneralSecurityException {
        String given = property("javax.net.ssl.trustStoreType");
        String type = given == null ? KeyStore.getDefaultType() : given;
        String provider = property("javax.net.ssl.trustStoreProvider");
        String password = property("javax.net.ssl.trustStorePassword");
        KeyStore store = provider == null ? KeyStore.getInstance(type) : KeyStore.getInstance(type, provider);
        try (InputStream in = Files.newInputStream(Paths.get(path))) {
            store.load(in, password == null ? null : password.toCharArray());
        }
        return store;
    }

    /** An empty property is as good as none. */
    private static String property(String name) {
        String value = System.getProperty(name);
        return value == null || value.isEmpty() ? null : value;
    }
}
