package com.salesforce.multicloudj.registry.support;

import com.salesforce.multicloudj.registry.driver.AbstractRegistry;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;

/** Registers providers for a part of a test, through this thread's context class loader. */
public final class Services {
    private Services() {}

    /** Runs {@code body} while {@code providers} are registered; {@code dir} holds the services file. */
    public static void with(Path dir, Class<?> provider, Class<?> another, Executable body) throws Throwable {
        with(dir, Stream.of(provider, another).map(Class::getName).toArray(String[]::new), body);
    }

    /** Runs {@code body} while {@code provider} is registered; {@code dir} holds the services file. */
    public static void with(Path dir, Class<?> provider, Executable body) throws Throwable {
        with(dir, new String[] {provider.getName()}, body);
    }

    /** Runs {@code body} while the services file has these lines. */
    public static void with(Path dir, String[] lines, Executable body) throws Throwable {
        Path file = dir.resolve("META-INF/services/" + AbstractRegistry.class.getName());
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {dir.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(loader);
            body.execute();
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }
}
