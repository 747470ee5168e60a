package com.salesforce.multicloudj.registry.internal;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How the native library is found, checked and loaded.
 *
 * <p>The file named by the property {@value #PROPERTY} is the only candidate if the property is set. Else the jar's
 * copy for this platform is written to a new directory that only this user can enter, compared with the SHA-256 that
 * the build recorded, loaded, and deleted at once: the mapping stays, nothing is left behind, and no other process can
 * put its own file in the way. A fresh name each time also lets a second class loader load its own copy.
 */
final class NativeLoader {
    static final String PROPERTY = "multicloudj.registry.library";
    static final String FILE = "libmulticloudj_registry.so";

    private final String override;
    private final String classifier;
    private final Function<String, InputStream> resources;
    private final Consumer<String> systemLoad;
    private final Supplier<String> libraryVersion;
    private final String jarVersion;

    NativeLoader(
            String override,
            String classifier,
            Function<String, InputStream> resources,
            Consumer<String> systemLoad,
            Supplier<String> libraryVersion,
            String jarVersion) {
        this.override = override;
        this.classifier = classifier;
        this.resources = resources;
        this.systemLoad = systemLoad;
        this.libraryVersion = libraryVersion;
        this.jarVersion = jarVersion;
    }

    /** The name of this platform's folder in the jar, for example {@code linux-x86_64} or {@code linux-aarch64-musl}. */
    static String classifier(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        String arch = osArch.toLowerCase(Locale.ROOT);
        if (arch.equals("amd64") || arch.equals("x64")) {
            arch = "x86_64";
        } else if (arch.equals("arm64")) {
            arch = "aarch64";
        }
        return os + "-" + arch + (runsOnMusl() ? "-musl" : "");
    }

    /** Whether this very JVM runs on musl: a system may have both C libraries installed. */
    private static boolean runsOnMusl() {
        try (InputStream in = new FileInputStream("/proc/self/maps")) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1).contains("/ld-musl-");
        } catch (IOException e) {
            return false; // no /proc: not Linux, or a sandbox that hides it
        }
    }

    void load() {
        if (override != null) {
            loadOverride();
        } else {
            loadFromJar();
        }
    }

    private void loadOverride() {
        Path path;
        try {
            path = Paths.get(override).toAbsolutePath();
        } catch (IllegalArgumentException e) {
            throw failed("-D" + PROPERTY + "=" + override + " is not a path", e);
        }
        String origin = path + " (from -D" + PROPERTY + ")";
        if (!Files.isRegularFile(path)) {
            throw failed(origin + " is not a file", null);
        }
        link(path.toString(), origin, "");
    }

    private void loadFromJar() {
        String entry = "native/" + classifier + "/" + FILE;
        String origin = "the jar's " + entry;
        File directory = null;
        File file = null;
        try (InputStream library = resources.apply(entry)) {
            if (library == null) {
                throw failed("this jar has no " + entry + "; a library built for this platform can be named with -D"
                        + PROPERTY + "=/path/to/" + FILE, null);
            }
            String expected = expectedDigest(entry);
            directory = Files.createTempDirectory("mcjr-",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))).toFile();
            file = new File(directory, FILE);
            copy(library, file);
            String found = digest(file);
            if (!found.equals(expected)) {
                throw failed(origin + ": its copy " + file + " has SHA-256 " + found + ", the build recorded "
                        + expected, null);
            }
            link(file.getPath(), origin + ", copied to " + file, "; if that folder is mounted noexec, set"
                    + " -Djava.io.tmpdir to another one, or -D" + PROPERTY + " to the library's own path");
        } catch (IOException e) {
            throw failed("cannot copy " + origin + " to " + (file == null ? tmpdir() : file) + ": " + e, e);
        } finally {
            delete(file);
            delete(directory);
        }
    }

    /** Loads {@code path} and asks it who it is. */
    private void link(String path, String origin, String hint) {
        try {
            systemLoad.accept(path);
        } catch (UnsatisfiedLinkError e) {
            throw failed(origin + " cannot be loaded: " + e.getMessage() + hint, e);
        } catch (IllegalCallerException e) {
            // JDK 24 and later with --illegal-native-access=deny.
            throw failed(origin + " may not be loaded: " + e.getMessage()
                    + "; start the JVM with --enable-native-access=ALL-UNNAMED", e);
        } catch (RuntimeException e) {
            throw failed(origin + " cannot be loaded: " + e, e);
        }
        String version;
        try {
            version = libraryVersion.get();
        } catch (UnsatisfiedLinkError | RuntimeException e) {
            throw failed(origin + " is not the library of this jar: " + e.getMessage(), e);
        }
        if (!version.equals(jarVersion)) {
            throw failed(origin + " is version " + version + ", this jar needs "
                    + (jarVersion == null ? "one that its build did not record" : jarVersion), null);
        }
    }

    private String expectedDigest(String entry) throws IOException {
        try (InputStream in = resources.apply(entry + ".sha256")) {
            if (in == null) {
                throw failed("this jar has no " + entry + ".sha256 to check the library with", null);
            }
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).trim();
        }
    }

    /** Plain streams, because NIO channels fail on an interrupted thread, and that failure would be kept for good. */
    private static void copy(InputStream from, File to) throws IOException {
        Files.createFile(to.toPath(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = new FileOutputStream(to)) {
            from.transferTo(out);
        }
    }

    private static String digest(File file) throws IOException {
        MessageDigest sha256;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
        try (InputStream in = new FileInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sha256.update(buffer, 0, n);
            }
        }
        StringBuilder hex = new StringBuilder();
        for (byte b : sha256.digest()) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }

    private static void delete(File file) {
        if (file != null && file.exists() && !file.delete()) {
            // Only where a mapped file cannot be unlinked; then at least not for ever.
            file.deleteOnExit();
        }
    }

    private static String tmpdir() {
        return System.getProperty("java.io.tmpdir");
    }

    private NativeLibraryException failed(String why, Throwable cause) {
        return new NativeLibraryException("load the native library for " + classifier + ": " + why, cause);
    }
}
