package com.salesforce.multicloudj.registry.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.salesforce.multicloudj.registry.probe.PullProbe;
import com.salesforce.multicloudj.registry.support.Product;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.File;
import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The shipped jar in several class loaders of one JVM, as with web applications that come and go. */
@ExtendWith(NoLeaks.class)
class ClassLoaderTest {
    private static TestRegistry registry;

    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        registry = TestRegistry.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    private Object pull(ClassLoader loader, String reference, String file) throws Exception {
        Callable<?> probe = (Callable<?>) Class.forName(PullProbe.class.getName(), true, loader)
                .getConstructor(String.class, String.class, String.class)
                .newInstance(registry.uri().toString(), reference, dir.resolve(file).toString());
        return probe.call();
    }

    @Test
    void twoClassLoadersHaveALibraryEach() throws Exception {
        String digest = registry.image("app:gzip").get("digest").text();
        try (URLClassLoader one = Product.classLoader(Product.surroundings());
                URLClassLoader two = Product.classLoader(Product.surroundings())) {
            assertEquals(digest, pull(one, "app:gzip", "one.tar"));
            assertEquals(digest, pull(two, "app:gzip", "two.tar"));
            assertEquals(digest, pull(one, "app:gzip", "again.tar"));
            assertEquals(digest, pull(getClass().getClassLoader(), "app:gzip", "own.tar"));
            RuntimeException first = assertThrows(RuntimeException.class, () -> pull(one, "app:missing", "x.tar"));
            RuntimeException second = assertThrows(RuntimeException.class, () -> pull(two, "app:missing", "x.tar"));
            assertEquals(first.getClass().getName(), second.getClass().getName());
            assertNotSame(first.getClass(), second.getClass());
        }
    }

    @Test
    void classesOfTheContextClassLoaderAreNotMistakenForOurs() throws Exception {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader other = Product.classLoader(Product.surroundings())) {
            Thread.currentThread().setContextClassLoader(other);
            assertEquals(registry.image("app:gzip").get("digest").text(),
                    pull(getClass().getClassLoader(), "app:gzip", "own.tar"));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private WeakReference<ClassLoader> pullInALoaderAndLetItGo() throws Exception {
        try (URLClassLoader loader = Product.classLoader(Product.surroundings())) {
            pull(loader, "app:gzip", "collected.tar");
            return new WeakReference<>(loader);
        }
    }

    @Test
    void aClassLoaderCanBeCollectedAndTheLibraryGoesQuietly() throws Exception {
        int threadsBefore = nativeThreads();
        for (int round = 0; round < 3; round++) {
            WeakReference<ClassLoader> gone = pullInALoaderAndLetItGo();
            Pulls.eventually("the class loader is collected", () -> {
                System.gc();
                return gone.get() == null;
            });
            // The library of this class loader still works.
            pull(getClass().getClassLoader(), "app:gzip", "own.tar");
        }
        Pulls.eventually("the runtimes' threads have ended: " + threadsBefore + ", " + nativeThreads(),
                () -> nativeThreads() <= threadsBefore + 2);
    }

    /** Threads of this process, Java's and others. */
    private static int nativeThreads() {
        return new File("/proc/self/task").list().length;
    }
}
