package com.salesforce.multicloudj.registry.client;

import static com.salesforce.multicloudj.registry.support.Pulls.assertFiles;
import static com.salesforce.multicloudj.registry.support.Pulls.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.common.exceptions.InvalidArgumentException;
import com.salesforce.multicloudj.common.exceptions.ResourceNotFoundException;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.model.PullResult;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Pulls as futures. */
@ExtendWith(NoLeaks.class)
class AsyncTest {
    private static TestRegistry registry;

    @TempDir
    Path dir;

    private RepositoryClient client;
    private final ExecutorService executor = Executors.newSingleThreadExecutor();

    @BeforeAll
    static void start() {
        registry = TestRegistry.start();
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void open() {
        registry.reset();
        client = registry.client();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        executor.shutdown();
        assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
    }

    private Path tar() {
        return dir.resolve("image.tar");
    }

    @Test
    void completesWithTheResult() throws Exception {
        PullResult result = client.pullImageAsync("app:gzip", tar()).get(20, TimeUnit.SECONDS);
        assertEquals("gzip", result.getMetadata().getTag());
        assertTrue(Files.exists(tar()));
    }

    @Test
    void completesWithTheFailure() throws Exception {
        CompletableFuture<PullResult> future = client.pullImageAsync("app:missing", tar());
        ExecutionException e = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        assertInstanceOf(ResourceNotFoundException.class, e.getCause());
        assertFiles(dir);
    }

    @Test
    void badArgumentsAndAClosedClientAreFailuresOfTheFuture() {
        for (CompletableFuture<PullResult> future : List.of(
                client.pullImageAsync(null, tar()), client.pullImageAsync("app:gzip", null))) {
            ExecutionException e = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
            assertInstanceOf(InvalidArgumentException.class, e.getCause());
        }
        client.close();
        CompletableFuture<PullResult> late = client.pullImageAsync("app:gzip", tar());
        ExecutionException e = assertThrows(ExecutionException.class, () -> late.get(20, TimeUnit.SECONDS));
        assertInstanceOf(FailedPreconditionException.class, e.getCause());
    }

    @Test
    void runsOnADaemonThreadWithTheCallersClassLoader() throws Exception {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        List<Thread> threads = new ArrayList<>();
        List<ClassLoader> loaders = new ArrayList<>();
        try (URLClassLoader mine = new URLClassLoader(new URL[0], before)) {
            Thread.currentThread().setContextClassLoader(mine);
            client.pullImageAsync("app:gzip", tar(), Pulls.listening(progress -> {
                threads.add(Thread.currentThread());
                loaders.add(Thread.currentThread().getContextClassLoader());
            })).get(20, TimeUnit.SECONDS);
            assertSame(mine, loaders.get(0));
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
        assertTrue(threads.get(0).isDaemon());
        assertTrue(threads.get(0).getName().startsWith("mcjr-pull-"), threads.get(0).getName());
        assertEquals(1, threads.stream().distinct().count());
    }

    @Test
    void runsOnTheGivenExecutor() throws Exception {
        Thread expected = executor.submit(Thread::currentThread).get();
        List<Thread> threads = new ArrayList<>();
        PullOptions options = Pulls.listening(progress -> threads.add(Thread.currentThread()));
        client.pullImageAsync("app:gzip", tar(), options, executor).get(20, TimeUnit.SECONDS);
        assertSame(expected, threads.get(0));
    }

    @Test
    void cancelStopsThePullWithoutATrace() throws Exception {
        registry.stallLayers("gzip");
        Files.writeString(tar(), "old");
        CountDownLatch running = new CountDownLatch(1);
        CompletableFuture<PullResult> future =
                client.pullImageAsync("app:gzip", tar(), Pulls.signalling(running), executor);
        await(running);
        assertTrue(future.cancel(true));
        assertThrows(CancellationException.class, future::get);
        long milliseconds = untilTheExecutorIsFree();
        assertTrue(milliseconds < 2_000, milliseconds + " ms");
        assertFiles(dir, "image.tar");
        assertEquals("old", Files.readString(tar()));
    }

    @Test
    void completingItFromOutsideStopsThePullToo() throws Exception {
        registry.stallLayers("gzip");
        CountDownLatch running = new CountDownLatch(1);
        CompletableFuture<PullResult> future =
                client.pullImageAsync("app:gzip", tar(), Pulls.signalling(running), executor);
        await(running);
        future.orTimeout(1, TimeUnit.MILLISECONDS);
        ExecutionException e = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        assertInstanceOf(TimeoutException.class, e.getCause());
        untilTheExecutorIsFree();
        assertFiles(dir);
    }

    @Test
    void cancelBeforeItsTurnMeansItNeverStarts() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        executor.execute(() -> await(busy));
        CompletableFuture<PullResult> future = client.pullImageAsync("app:gzip", tar(), null, executor);
        assertTrue(future.cancel(false));
        busy.countDown();
        untilTheExecutorIsFree();
        assertEquals(0, registry.requests("GET", "/v2/"));
        assertFiles(dir);
    }

    @Test
    void cancelAfterTheEndChangesNothing() throws Exception {
        CompletableFuture<PullResult> future = client.pullImageAsync("app:gzip", tar());
        future.get(20, TimeUnit.SECONDS);
        assertEquals(false, future.cancel(true));
        assertTrue(Files.exists(tar()));
    }

    @Test
    void anExecutorThatRefusesTellsTheCaller() {
        executor.shutdown();
        assertThrows(RejectedExecutionException.class, () -> client.pullImageAsync("app:gzip", tar(), null, executor));
        assertThrows(InvalidArgumentException.class, () -> client.pullImageAsync("app:gzip", tar(), null, null));
    }

    @Test
    void anExecutorThatShutsDownNowInterruptsThePull() throws Exception {
        registry.stallLayers("gzip");
        CountDownLatch running = new CountDownLatch(1);
        CompletableFuture<PullResult> future =
                client.pullImageAsync("app:gzip", tar(), Pulls.signalling(running), executor);
        await(running);
        executor.shutdownNow();
        ExecutionException e = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        assertInstanceOf(InterruptedException.class, e.getCause().getCause());
    }

    private long untilTheExecutorIsFree() throws Exception {
        long start = System.nanoTime();
        executor.submit(() -> {}).get(20, TimeUnit.SECONDS);
        return (System.nanoTime() - start) / 1_000_000;
    }
}
