package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.registry.internal.Handles;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.model.PullResult;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Closing a client, at every moment. */
@ExtendWith(NoLeaks.class)
class CloseTest {
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

    @Test
    void aPullUnderWayRunsToItsEndAndCloseDoesNotWait() throws Exception {
        RepositoryClient client = registry.client();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        CompletableFuture<PullResult> future =
                client.pullImageAsync("app:gzip", dir.resolve("image.tar"), Pulls.listening(progress -> {
                    running.countDown();
                    await(closed);
                }));
        await(running);
        // If this waited for the pull, which waits for the latch, the test would end here.
        client.close();
        closed.countDown();
        assertEquals("gzip", future.get(20, TimeUnit.SECONDS).getMetadata().getTag());
    }

    @Test
    void afterCloseAPullIsRefusedAndASecondCloseDoesNothing() {
        RepositoryClient client = registry.client();
        client.close();
        client.close();
        FailedPreconditionException e = assertThrows(
                FailedPreconditionException.class, () -> client.pullImage("app:gzip", dir.resolve("image.tar")));
        assertTrue(e.getMessage().contains("app:gzip") && e.getMessage().contains("closed"), e.getMessage());
    }

    @Test
    void aClientNeverUsedCanBeClosed() {
        registry.client().close();
    }

    @Test
    void aForgottenClientIsClosedWhenItIsCollected() {
        registry.client();
        Pulls.eventually("the client's handle is gone", () -> {
            System.gc();
            return Handles.live() == 0;
        });
    }

    @Test
    void manyThreadsPullWhileOthersClose() throws Exception {
        for (int round = 0; round < 10; round++) {
            RepositoryClient client = registry.client();
            CountDownLatch go = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            List<Throwable> unexpected = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Path tar = dir.resolve(round + "-" + i + ".tar");
                threads.add(new Thread(() -> {
                    await(go);
                    try {
                        client.pullImage("app:gzip", tar);
                    } catch (FailedPreconditionException closedFirst) {
                        // as it should
                    } catch (Throwable e) {
                        synchronized (unexpected) {
                            unexpected.add(e);
                        }
                    }
                }));
                threads.add(new Thread(() -> {
                    await(go);
                    client.close();
                }));
            }
            threads.forEach(Thread::start);
            go.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), unexpected);
        }
    }
}
