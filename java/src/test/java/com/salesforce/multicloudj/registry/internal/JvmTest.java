package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.registry.probe.ExitProbe;
import com.salesforce.multicloudj.registry.probe.FullDiskProbe;
import com.salesforce.multicloudj.registry.probe.ListedProbe;
import com.salesforce.multicloudj.registry.probe.LoadProbe;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.Product;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped jar in JVMs of its own: how they load the library and how they end. */
class JvmTest {
    private static final String ALLOWED = "--enable-native-access=ALL-UNNAMED";
    private static final Pattern JNI_COMPLAINT =
            Pattern.compile("WARNING in native|FATAL ERROR in native|exceeds capacity|SIGSEGV|panicked");

    @TempDir
    Path dir;

    @TempDir
    Path tmp;

    private static Product.Run run(Product.Run run) {
        assertFalse(JNI_COMPLAINT.matcher(run.output).find(), run.toString());
        return run;
    }

    @ParameterizedTest
    @CsvSource({
        "returns-with-a-live-client, 0",
        "returns-during-a-pull, 0",
        "exits-during-a-pull, 3",
        "exits-in-the-listener, 3",
    })
    void anExitingJvmIsNotHeldOpen(String how, int status) throws Exception {
        try (TestRegistry registry = TestRegistry.start()) {
            if (!how.equals("returns-with-a-live-client")) {
                registry.stallLayers("gzip");
            }
            Product.Run run = run(Product.java(
                    List.of(ALLOWED, "-Djava.io.tmpdir=" + tmp), ExitProbe.class, how, registry.uri(),
                    dir.resolve("image.tar")));
            assertEquals(status, run.status, run.toString());
            assertEquals(status == 0, run.output.contains("main returns"), run.toString());
        }
        assertEquals(how.equals("returns-with-a-live-client"), Files.exists(dir.resolve("image.tar")));
        Pulls.assertFiles(tmp);
    }

    @Test
    void theLibraryLeavesNothingInTheTempFolder() throws Exception {
        Product.Run run = run(Product.java(List.of(ALLOWED, "-Djava.io.tmpdir=" + tmp), LoadProbe.class));
        assertEquals("loaded\nloaded\n", run.output);
        Pulls.assertFiles(tmp);
    }

    @Test
    void aTempFolderThatIsNotThereIsAnErrorThatStays() {
        Product.Run run = run(Product.java(List.of("-Djava.io.tmpdir=/proc"), LoadProbe.class));
        String[] lines = run.output.split("\n");
        assertEquals(2, lines.length, run.toString());
        assertEquals(lines[0], lines[1]);
        assertTrue(lines[0].startsWith("NativeLibraryException: "), lines[0]);
        assertTrue(lines[0].contains("/proc"), lines[0]);
    }

    @Test
    void aTempFolderMountedNoexecIsToldWithTheWayOut() {
        Product.Run run = run(Product.javaWithTmpfs(
                tmp, "noexec", List.of(ALLOWED, "-Djava.io.tmpdir=" + tmp), LoadProbe.class));
        for (String part : new String[] {"NativeLibraryException", "noexec", "java.io.tmpdir", NativeLoader.PROPERTY}) {
            assertTrue(run.output.contains(part), run.toString());
        }
    }

    @Test
    void aFullDiskIsToldAndTheOldFileStays() {
        try (TestRegistry registry = TestRegistry.start()) {
            Product.Run run = run(Product.javaWithTmpfs(
                    dir, "size=1m", List.of(ALLOWED), FullDiskProbe.class, registry.uri(), dir));
            assertTrue(run.output.contains("ResourceExhaustedException: "), run.toString());
            assertTrue(run.output.endsWith("[image.tar] old\n"), run.toString());
        }
    }

    @Test
    void aFileWhoseNameTheJvmCannotSpellIsTheOneThatIsReplaced() throws Exception {
        // The shell writes the name's bytes: this JVM may not be able to spell it either.
        String name = "$1/$(printf 'b\\303\\274cher.tar')";
        assertEquals("", shell("printf old > \"" + name + "\"", dir));
        try (TestRegistry registry = TestRegistry.start()) {
            Product.Run run = run(
                    Product.javaWithAsciiNames(List.of(ALLOWED), ListedProbe.class, registry.uri(), dir));
            assertEquals("not spelt\n", run.output);
        }
        assertEquals("1\n", shell("ls \"$1\" | wc -l", dir));
        assertEquals("VERSION\n", shell("tar tf \"" + name + "\" | head -n 1", dir));
    }

    private static String shell(String script, Path argument) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", script, "sh", argument.toString())
                .redirectErrorStream(true)
                .start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void thePropertyNamesTheLibrary() throws Exception {
        Path library = dir.resolve("own.so");
        try (ZipFile jar = new ZipFile(Product.jar().toFile())) {
            String entry = "native/" + NativeLoader.classifier("Linux", System.getProperty("os.arch")) + "/"
                    + NativeLoader.FILE;
            Files.copy(jar.getInputStream(jar.getEntry(entry)), library);
        }
        Product.Run run = run(Product.java(
                List.of(ALLOWED, "-Djava.io.tmpdir=/proc", "-D" + NativeLoader.PROPERTY + "=" + library),
                LoadProbe.class));
        assertEquals("loaded\nloaded\n", run.output);
    }

    @Test
    void aFileThatIsNoLibraryIsRefused() throws Exception {
        Path library = Files.writeString(dir.resolve("own.so"), "no library");
        Product.Run run =
                run(Product.java(List.of("-D" + NativeLoader.PROPERTY + "=" + library), LoadProbe.class));
        assertTrue(run.output.contains("NativeLibraryException") && run.output.contains(library.toString()),
                run.toString());
    }

    @Test
    @EnabledForJreRange(min = JRE.JAVA_24, disabledReason = "JEP 472 came with JDK 24")
    void aJvmThatForbidsNativeAccessIsToldTheOption() {
        Product.Run run = run(Product.java(List.of("--illegal-native-access=deny"), LoadProbe.class));
        assertTrue(run.output.contains("NativeLibraryException") && run.output.contains(ALLOWED), run.toString());
    }
}
