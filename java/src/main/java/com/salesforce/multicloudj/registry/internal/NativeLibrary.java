package com.salesforce.multicloudj.registry.internal;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * Loads the native library once per class loader, when it is first needed.
 *
 * <p>Not in a static initialiser: one that fails makes the class unusable, and the second caller would get a
 * {@code NoClassDefFoundError} that no longer says why. Here the failure is kept, and every caller gets it.
 */
final class NativeLibrary {
    private static final Object LOCK = new Object();
    private static volatile boolean loaded;
    private static NativeLibraryException failure;

    private NativeLibrary() {}

    /** Returns when the library is there; throws {@link NativeLibraryException} if it cannot be loaded. */
    static void ensureLoaded() {
        if (loaded) {
            return;
        }
        synchronized (LOCK) {
            if (loaded) {
                return;
            }
            if (failure != null) {
                throw new NativeLibraryException(failure.getMessage(), failure);
            }
            try {
                loader().load();
                loaded = true;
            } catch (NativeLibraryException e) {
                failure = e;
                throw e;
            }
        }
    }

    private static NativeLoader loader() {
        return new NativeLoader(
                System.getProperty(NativeLoader.PROPERTY),
                NativeLoader.classifier(System.getProperty("os.name"), System.getProperty("os.arch")),
                // Lambdas, not method references: the library belongs to the class loader of the class that calls
                // System.load, which must be this one.
                name -> NativeLibrary.class.getResourceAsStream("/" + name),
                path -> System.load(path),
                () -> Native.version(),
                jarVersion());
    }

    /** The version this jar was built as, or null if the build left it out. */
    private static String jarVersion() {
        try (InputStream in = NativeLibrary.class.getResourceAsStream("build.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version");
        } catch (IOException e) {
            return null;
        }
    }
}
