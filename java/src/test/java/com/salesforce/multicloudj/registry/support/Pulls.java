package com.salesforce.multicloudj.registry.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.salesforce.multicloudj.registry.client.ProgressListener;
import com.salesforce.multicloudj.registry.client.PullOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Small words for tests that stop a pull in the middle. */
public final class Pulls {
    private Pulls() {}

    /** Options with a listener. */
    public static PullOptions listening(ProgressListener listener) {
        return PullOptions.builder().withProgressListener(listener).build();
    }

    /** Options whose listener counts the latch down when the layers are known: the pull is in full swing. */
    public static PullOptions signalling(CountDownLatch running) {
        return listening(progress -> running.countDown());
    }

    /** Waits for the latch, but not for ever. */
    public static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS), "nothing happened in 20 seconds");
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting", e);
        }
    }

    /** Waits until the condition holds, for things that nobody signals. */
    public static void eventually(String what, BooleanSupplier condition) {
        for (int i = 0; i < 2_000; i++) {
            if (condition.getAsBoolean()) {
                return;
            }
            try {
                TimeUnit.MILLISECONDS.sleep(10);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted while waiting", e);
            }
        }
        fail("20 seconds later still not: " + what);
    }

    /** The folder holds exactly these files. */
    public static void assertFiles(Path dir, String... names) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            assertEquals(Set.of(names),
                    files.map(path -> path.getFileName().toString()).collect(Collectors.toSet()));
        }
    }
}
