package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.registry.probe.Multicloudj04Probe;
import com.salesforce.multicloudj.registry.probe.PullProbe;
import com.salesforce.multicloudj.registry.support.Product;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The jar, compiled against MultiCloudJ 0.2.25, in an application that brings the 0.4 line. */
class Multicloudj04Test {
    private static TestRegistry registry;
    private static URLClassLoader application;

    @TempDir
    static Path stubs;

    @TempDir
    Path dir;

    @BeforeAll
    static void compileTheStubs() throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--release", "11", "-d", stubs.toString()));
        arguments.addAll(sources());
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(new String[0]));
        assertEquals(0, status);
        application = Product.classLoader(
                Stream.concat(Stream.of(stubs), Product.testClasses()).collect(Collectors.toList()));
        registry = TestRegistry.start();
    }

    @AfterAll
    static void stop() throws Exception {
        registry.close();
        application.close();
    }

    private static List<String> sources() throws Exception {
        Path root = Paths.get(resource());
        try (Stream<Path> files = Files.walk(root)) {
            return files.map(Path::toString).filter(name -> name.endsWith(".java")).collect(Collectors.toList());
        }
    }

    private static URI resource() throws URISyntaxException {
        return Multicloudj04Test.class.getResource("/multicloudj04").toURI();
    }

    private Object call(Class<?> probe, String reference) throws Exception {
        Callable<?> there = (Callable<?>) Class.forName(probe.getName(), true, application)
                .getConstructor(String.class, String.class, String.class)
                .newInstance(registry.uri().toString(), reference, dir.resolve("image.tar").toString());
        return there.call();
    }

    @Test
    void anImageIsPulled() throws Exception {
        assertEquals(registry.image("app:gzip").get("digest").text(), call(PullProbe.class, "app:gzip"));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        // what happens, the exception, whether another try may help
        "app:missing, -, ResourceNotFoundException false",
        "app:wrongdigest, -, UnknownException false",
        "app:both, -, UnknownException false",
        "App, -, InvalidArgumentException false",
        "app:helm, -, UnSupportedOperationException false",
        "app:gzip, status=429, ResourceExhaustedException true",
        "app:gzip, status=503, UnknownException true",
    })
    void exceptionsAnswerWhetherToTryAgain(String reference, String fault, String expected) throws Exception {
        registry.reset();
        if (fault != null) {
            registry.fault("GET /v2/app/manifests/* " + fault);
        }
        assertEquals(expected, call(Multicloudj04Probe.class, reference));
    }

    @Test
    void aLibraryThatCannotBeLoadedIsNotWorthAnotherTry() throws Exception {
        Class<?> there = Class.forName(NativeLibraryException.class.getName(), true, application);
        assertEquals("SubstrateSdkException", there.getSuperclass().getSimpleName());
        assertTrue(there.getMethod("isRetryable").getReturnType() == boolean.class);
    }

    @Test
    void providersMapExceptionsByTheNewMethod() throws Exception {
        Class<?> probe = Class.forName(Multicloudj04Probe.class.getName(), true, application);
        Object name = probe.getMethod("map", Throwable.class).invoke(null, new IOException("reset"));
        assertEquals("UnknownException", name);
    }

    @Test
    void thisReallyIsThe04Shape() throws Exception {
        Class<?> provider = Class.forName("com.salesforce.multicloudj.common.provider.Provider", true, application);
        assertThrows(NoSuchMethodException.class, () -> provider.getMethod("getException", Throwable.class));
    }
}
