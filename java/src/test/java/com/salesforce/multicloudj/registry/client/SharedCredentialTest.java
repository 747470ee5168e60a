package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static com.salesforce.multicloudj.registry.support.Pulls.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.model.PullResult;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.ScriptedProvider;
import com.salesforce.multicloudj.registry.support.Services;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two pulls need one credential, and the one that needed it first, the leader, is in no state to fetch it: the other
 * must still finish.
 */
@ExtendWith(NoLeaks.class)
class SharedCredentialTest {
    private static TestRegistry registry;

    @TempDir
    Path dir;

    @TempDir
    Path services;

    private RepositoryClient client;
    private final ExecutorService leader = Executors.newSingleThreadExecutor();

    @BeforeAll
    static void start() {
        registry = TestRegistry.start("--auth", "basic", "--user", "u", "--password", "right");
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void open() throws Throwable {
        registry.reset();
        ScriptedProvider.reset(registry, "u", "right");
        Services.with(services, ScriptedProvider.class,
                () -> client = RepositoryClient.builder(ScriptedProvider.ID).build());
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        leader.shutdownNow();
        leader.awaitTermination(20, TimeUnit.SECONDS);
    }

    private void theOtherFinishes() {
        assertEquals("plain", client.pullImage("app:plain", dir.resolve("other.tar")).getMetadata().getTag());
    }

    /** The leader's layers are refused once, so that it needs the credential again while its listener is busy. */
    private CompletableFuture<PullResult> leaderWithABusyListener(CountDownLatch busy, CountDownLatch free) {
        for (var layer : registry.image("app:gzip").get("layers").list()) {
            registry.fault("GET /v2/app/blobs/" + layer.get("digest").text()
                    + " once delay=300 status=401 header=WWW-Authenticate:\"Basic realm=test\"");
        }
        return client.pullImageAsync("app:gzip", dir.resolve("leader.tar"), Pulls.listening(progress -> {
            busy.countDown();
            try {
                free.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }), leader);
    }

    @Test
    void whileTheLeadersListenerBlocks() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        CompletableFuture<PullResult> first = leaderWithABusyListener(busy, free);
        await(busy);
        Pulls.eventually("a layer was refused", () -> registry.requests("GET", "/blobs/") >= 2);
        theOtherFinishes();
        assertFalse(first.isDone());
        free.countDown();
        assertEquals("gzip", first.get(20, TimeUnit.SECONDS).getMetadata().getTag());
    }

    @Test
    void whileTheLeadersBlockedListenerIsInterrupted() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CompletableFuture<PullResult> first = leaderWithABusyListener(busy, new CountDownLatch(1));
        await(busy);
        leader.shutdownNow();
        theOtherFinishes();
        assertThrows(ExecutionException.class, () -> first.get(20, TimeUnit.SECONDS));
        assertFiles(dir, "other.tar");
    }

    @Test
    void whileTheLeaderIsCancelledWithABlockedListener() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        CompletableFuture<PullResult> first = leaderWithABusyListener(busy, free);
        await(busy);
        first.cancel(true);
        theOtherFinishes();
        free.countDown();
        leader.submit(() -> {}).get(20, TimeUnit.SECONDS);
        assertFiles(dir, "other.tar");
    }

    /** The first one asked waits until it is interrupted or freed; whoever is asked next answers at once. */
    private CountDownLatch theFirstOneAskedWaits(CountDownLatch free) {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        ScriptedProvider.token = () -> {
            if (calls.incrementAndGet() == 1) {
                asked.countDown();
                free.await();
            }
            return "right";
        };
        return asked;
    }

    @Test
    void whenTheLeaderIsInterruptedInTheProvider() throws Exception {
        CountDownLatch asked = theFirstOneAskedWaits(new CountDownLatch(1));
        CompletableFuture<PullResult> first = client.pullImageAsync("app:gzip", dir.resolve("leader.tar"), null, leader);
        await(asked);
        CompletableFuture<PullResult> other = client.pullImageAsync("app:plain", dir.resolve("other.tar"));
        leader.shutdownNow();
        assertEquals("plain", other.get(20, TimeUnit.SECONDS).getMetadata().getTag());
        assertThrows(ExecutionException.class, () -> first.get(20, TimeUnit.SECONDS));
        assertFiles(dir, "other.tar");
    }

    @Test
    void whenTheLeaderIsCancelledInTheProvider() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        CountDownLatch asked = theFirstOneAskedWaits(free);
        CompletableFuture<PullResult> first = client.pullImageAsync("app:gzip", dir.resolve("leader.tar"), null, leader);
        await(asked);
        CompletableFuture<PullResult> other = client.pullImageAsync("app:plain", dir.resolve("other.tar"));
        first.cancel(true);
        // Nobody can take a thread out of the provider's own code; its answer still serves the other.
        free.countDown();
        assertEquals("plain", other.get(20, TimeUnit.SECONDS).getMetadata().getTag());
        leader.submit(() -> {}).get(20, TimeUnit.SECONDS);
        assertFiles(dir, "other.tar");
    }

    @Test
    void whenTheLeadersProviderThrows() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch fail = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        ScriptedProvider.token = () -> {
            if (calls.incrementAndGet() == 1) {
                asked.countDown();
                await(fail);
                throw new IllegalStateException("no metadata server");
            }
            return "right";
        };
        CompletableFuture<PullResult> first = client.pullImageAsync("app:gzip", dir.resolve("leader.tar"), null, leader);
        await(asked);
        CompletableFuture<PullResult> other = client.pullImageAsync("app:plain", dir.resolve("other.tar"));
        fail.countDown();
        assertEquals("plain", other.get(20, TimeUnit.SECONDS).getMetadata().getTag());
        assertThrows(ExecutionException.class, () -> first.get(20, TimeUnit.SECONDS));
    }
}
