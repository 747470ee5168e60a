package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way that loading can go wrong, with a library, a JVM and a jar that are made up. */
class NativeLoaderTest {
    private static final String ENTRY = "native/linux-x86_64/" + NativeLoader.FILE;
    private static final byte[] LIBRARY = "not really a library".getBytes(StandardCharsets.UTF_8);

    private final Map<String, byte[]> jar = new HashMap<>();
    private final List<String> loaded = new ArrayList<>();
    private Consumer<String> systemLoad = loaded::add;
    private String libraryVersion = "1.2.3";

    @BeforeEach
    void aGoodJar() throws Exception {
        jar.put(ENTRY, LIBRARY);
        jar.put(ENTRY + ".sha256", (sha256(LIBRARY) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @AfterEach
    void nothingIsLeftInTheTempFolder() {
        loaded.stream().map(Paths::get).filter(path -> path.getParent().getFileName().toString().startsWith("mcjr-"))
                .forEach(path -> assertFalse(Files.exists(path.getParent()), path + " was left behind"));
    }

    private NativeLoader loader(String override) {
        return new NativeLoader(override, "linux-x86_64", this::resource, path -> systemLoad.accept(path),
                () -> libraryVersion, "1.2.3");
    }

    private InputStream resource(String name) {
        byte[] bytes = jar.get(name);
        return bytes == null ? null : new ByteArrayInputStream(bytes);
    }

    private NativeLibraryException failure(String override) {
        NativeLibraryException e = assertThrows(NativeLibraryException.class, () -> loader(override).load());
        assertTrue(e.getMessage().contains("linux-x86_64"), e.getMessage());
        assertFalse(e.isRetryable());
        return e;
    }

    @Test
    void theCopyIsPrivateAndGoneAfterwards() {
        systemLoad = path -> {
            loaded.add(path);
            assertEquals("rw-------", permissions(path));
            assertEquals("rwx------", permissions(Paths.get(path).getParent().toString()));
            assertEquals(LIBRARY.length, Paths.get(path).toFile().length());
        };
        loader(null).load();
        assertEquals(1, loaded.size());
    }

    @Test
    void eachLoadHasAFreshName() {
        loader(null).load();
        loader(null).load();
        assertEquals(2, loaded.stream().distinct().count());
    }

    @Test
    void anInterruptedThreadLoadsTooAndKeepsItsFlag() {
        Thread.currentThread().interrupt();
        try {
            loader(null).load();
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals(1, loaded.size());
    }

    @Test
    void aPlatformThatIsNotInTheJarIsNamedWithTheWayOut() {
        jar.clear();
        String message = failure(null).getMessage();
        assertTrue(message.contains(ENTRY), message);
        assertTrue(message.contains("-D" + NativeLoader.PROPERTY), message);
    }

    @Test
    void aLibraryThatIsNotTheOneOfTheBuildIsNotLoaded() throws Exception {
        jar.put(ENTRY, "tampered with".getBytes(StandardCharsets.UTF_8));
        String message = failure(null).getMessage();
        assertTrue(message.contains(sha256(LIBRARY)), message);
        assertEquals(List.of(), loaded);
    }

    @Test
    void aLibraryWithoutADigestIsNotLoaded() {
        jar.remove(ENTRY + ".sha256");
        assertTrue(failure(null).getMessage().contains(".sha256"));
        assertEquals(List.of(), loaded);
    }

    @Test
    void aTempFolderThatForbidsExecutionIsExplained() {
        systemLoad = path -> {
            loaded.add(path);
            throw new UnsatisfiedLinkError(path + ": failed to map segment from shared object");
        };
        NativeLibraryException e = failure(null);
        assertInstanceOf(UnsatisfiedLinkError.class, e.getCause());
        for (String part : new String[] {"failed to map", "noexec", "java.io.tmpdir", NativeLoader.PROPERTY}) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
    }

    @Test
    void aJvmThatForbidsNativeAccessIsExplained() {
        systemLoad = path -> {
            throw new IllegalCallerException("Illegal native access from an unnamed module");
        };
        assertTrue(failure(null).getMessage().contains("--enable-native-access=ALL-UNNAMED"));
    }

    @Test
    void anotherVersionIsRefused() {
        libraryVersion = "1.2.4";
        String message = failure(null).getMessage();
        assertTrue(message.contains("1.2.4") && message.contains("1.2.3"), message);
    }

    @Test
    void thePropertyNamesTheOnlyCandidate(@TempDir Path dir) throws Exception {
        Path library = Files.write(dir.resolve("own.so"), LIBRARY);
        loader(library.toString()).load();
        assertEquals(List.of(library.toString()), loaded);
        assertTrue(Files.exists(library));
    }

    @Test
    void aWrongPropertyIsFatalEvenWithAGoodJar(@TempDir Path dir) {
        String missing = dir.resolve("missing.so").toString();
        String message = failure(missing).getMessage();
        assertTrue(message.contains(missing) && message.contains(NativeLoader.PROPERTY), message);
        assertTrue(failure(dir.toString()).getMessage().contains("is not a file"));
        assertTrue(failure("a\0b").getMessage().contains("is not a path"));
        assertEquals(List.of(), loaded);
    }

    @Test
    void classifiers() {
        assertEquals("linux-x86_64", NativeLoader.classifier("Linux", "amd64"));
        assertEquals("linux-x86_64", NativeLoader.classifier("Linux", "x86_64"));
        assertEquals("linux-aarch64", NativeLoader.classifier("Linux", "aarch64"));
        assertEquals("macosx-aarch64", NativeLoader.classifier("Mac OS X", "arm64"));
        assertEquals("linux-riscv64", NativeLoader.classifier("Linux", "riscv64"));
    }

    private static String permissions(String path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(Paths.get(path)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String sha256(byte[] bytes) throws Exception {
        StringBuilder hex = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }
}
