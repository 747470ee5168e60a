package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static com.salesforce.multicloudj.registry.support.Pulls.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A thread that pulls is interrupted. */
@ExtendWith(NoLeaks.class)
class InterruptTest {
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

    @BeforeEach
    void reset() {
        registry.reset();
    }

    /** What happened to one thread that pulled and was interrupted. */
    private final class Interrupted {
        private UnknownException thrown;
        private boolean flag;
        private long returnedAt;

        private void pull(RepositoryClient client, PullOptions options) {
            thrown = assertThrows(
                    UnknownException.class, () -> client.pullImage("app:gzip", dir.resolve("image.tar"), options));
            returnedAt = System.nanoTime();
            flag = Thread.interrupted();
        }

        private void check() {
            assertInstanceOf(InterruptedException.class, thrown.getCause());
            assertTrue(thrown.getMessage().contains("app:gzip"), thrown.getMessage());
            assertTrue(flag, "the flag is set again");
        }
    }

    /** Interrupts a pull in full swing; returns the milliseconds until it was gone. */
    private long interruptOnce() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        Interrupted seen = new Interrupted();
        try (RepositoryClient client = registry.client()) {
            Thread thread = new Thread(() -> seen.pull(client, Pulls.signalling(running)));
            thread.start();
            await(running);
            long interruptedAt = System.nanoTime();
            thread.interrupt();
            thread.join();
            seen.check();
            assertFiles(dir, "image.tar");
            return (seen.returnedAt - interruptedAt) / 1_000_000;
        }
    }

    @Test
    void duringThePullItEndsWithin200MillisecondsWithoutATrace() throws Exception {
        Path tar = Files.writeString(dir.resolve("image.tar"), "old");
        registry.stallLayers("gzip");
        // The best of three: this machine has other things to do, the library must not.
        long best = Math.min(interruptOnce(), Math.min(interruptOnce(), interruptOnce()));
        assertTrue(best < 200, best + " ms");
        assertEquals("old", Files.readString(tar));
    }

    @Test
    void beforeThePullItDoesNotEvenStart() throws Exception {
        try (RepositoryClient client = registry.client()) {
            Interrupted seen = new Interrupted();
            Thread.currentThread().interrupt();
            seen.pull(client, null);
            seen.check();
            assertEquals(0, registry.requests("GET", "/v2/"));
            assertFiles(dir);
            client.pullImage("app:gzip", dir.resolve("image.tar"));
        }
    }

    @Test
    void whileTheRegistryDoesNotAnswerItEndsToo() throws Exception {
        registry.fault("GET /v2/app/manifests/* stall=0");
        Interrupted seen = new Interrupted();
        try (RepositoryClient client = registry.client()) {
            Thread thread = new Thread(() -> seen.pull(client, null));
            thread.start();
            Pulls.eventually("the manifest is asked for", () -> registry.requests("GET", "/manifests/") > 0);
            thread.interrupt();
            thread.join();
        }
        seen.check();
    }
}
