package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java example, word for word but for the registry's address, the image and the file. */
@ExtendWith(NoLeaks.class)
class ReadmeTest {
    @TempDir
    Path folder;

    @Test
    void exampleWorks() throws Exception {
        String readme = Files.readString(Paths.get(System.getProperty("mcjr.test.readme")));
        int start = readme.indexOf("```java\n");
        assertNotEquals(-1, start, "the README has no Java example");
        String example = readme.substring(start + "```java\n".length(), readme.indexOf("\n```", start));
        Path tar = folder.resolve("app.tar");
        String printed;
        try (TestRegistry registry = TestRegistry.start()) {
            printed = run(example
                    .replace("https://registry.example.com", registry.uri().toString())
                    .replace("team/app:1.2", "app:gzip")
                    .replace("\"app.tar\"", '"' + tar.toString() + '"'));
        }
        assertTrue(printed.trim().matches("sha256:[0-9a-f]{64}"), printed);
        assertTrue(Files.size(tar) > 0);
    }

    private String run(String source) throws Exception {
        Path file = folder.resolve("Example.java");
        Files.writeString(file, source);
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null,
                "-Xlint:all", "-Werror", "-proc:none", "-cp", System.getProperty("java.class.path"), "-d", folder.toString(),
                file.toString());
        assertEquals(0, status, "the example does not compile");
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(out);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
