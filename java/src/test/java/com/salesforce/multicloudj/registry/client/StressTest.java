package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.FailedPreconditionException;
import com.salesforce.multicloudj.common.exceptions.UnknownException;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Many pulls on several threads, each disturbed at a random moment in one of the ways there are. */
@ExtendWith(NoLeaks.class)
class StressTest {
    private static final int THREADS = 4;
    private static final int PULLS = 60;
    private static final String[] TAGS = {"gzip", "zstd", "dup", "multi", "empty"};

    @TempDir
    Path dir;

    /** What a disturbed pull did. */
    private enum End { PULLED, INTERRUPTED, CANCELLED, CLOSED, STOPPED_BY_LISTENER }

    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void nothingBreaksAndNothingIsLeft() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        List<End> ends = new ArrayList<>();
        try (TestRegistry registry = TestRegistry.start()) {
            // So that there is a middle to be disturbed in.
            registry.fault("GET /v2/app/blobs/* trickle=4000/1");
            List<Future<List<End>>> workers = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int worker = i;
                workers.add(executor.submit(() -> work(registry, worker)));
            }
            for (Future<List<End>> worker : workers) {
                ends.addAll(worker.get(120, TimeUnit.SECONDS));
            }
        } finally {
            executor.shutdownNow();
        }
        assertEquals(THREADS * PULLS, ends.size());
        for (End end : End.values()) {
            assertTrue(ends.contains(end), "never " + end + ": the disturbances come at the wrong time");
        }
        try (var files = Files.list(dir)) {
            assertEquals(List.of(), files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.matches("\\d+-\\d+\\.tar"))
                    .collect(Collectors.toList()));
        }
    }

    private List<End> work(TestRegistry registry, int worker) throws Exception {
        Random random = new Random(worker);
        List<End> ends = new ArrayList<>();
        ExecutorService own = Executors.newSingleThreadExecutor();
        for (int i = 0; i < PULLS; i++) {
            Path tar = dir.resolve(worker + "-" + i + ".tar");
            String reference = "app:" + TAGS[random.nextInt(TAGS.length)];
            long delay = random.nextInt(3) == 0 ? 0 : random.nextInt(20_000_000);
            int disturbance = random.nextInt(5);
            End end;
            try (RepositoryClient client = registry.client()) {
                end = disturbance == 1
                        ? cancelled(client, reference, tar, delay, own)
                        : disturbed(client, reference, tar, delay, disturbance);
            }
            // A listener may throw at the last report, and a cancellation may be late: then the tar is there, whole.
            boolean mayBeThere = end == End.PULLED || end == End.STOPPED_BY_LISTENER || end == End.CANCELLED;
            assertTrue(mayBeThere || !Files.exists(tar), end + " left " + tar);
            ends.add(end);
        }
        own.shutdown();
        return ends;
    }

    private static End cancelled(
            RepositoryClient client, String reference, Path tar, long delay, ExecutorService executor)
            throws Exception {
        CompletableFuture<?> future = client.pullImageAsync(reference, tar, null, executor);
        LockSupport.parkNanos(delay);
        boolean cancelled = future.cancel(true);
        // The pull itself ends a moment after its future.
        executor.submit(() -> {}).get(20, TimeUnit.SECONDS);
        return cancelled ? End.CANCELLED : End.PULLED;
    }

    private static End disturbed(
            RepositoryClient client, String reference, Path tar, long delay, int disturbance)
            throws InterruptedException {
        Thread puller = Thread.currentThread();
        PullOptions options = disturbance != 4 ? null : Pulls.listening(progress -> {
            throw new Stop();
        });
        Thread disturber = new Thread(() -> {
            LockSupport.parkNanos(delay);
            if (disturbance == 2) {
                puller.interrupt();
            } else if (disturbance == 3) {
                client.close();
            }
        });
        disturber.start();
        if (disturbance == 3 && delay == 0) {
            disturber.join();
        }
        try {
            client.pullImage(reference, tar, options);
            return End.PULLED;
        } catch (UnknownException e) {
            assertTrue(e.getCause() instanceof InterruptedException, e.toString());
            return End.INTERRUPTED;
        } catch (FailedPreconditionException e) {
            return End.CLOSED;
        } catch (Stop e) {
            return End.STOPPED_BY_LISTENER;
        } finally {
            // The flag of an interrupted pull, or of one that was faster than its interrupt.
            boolean flag = Thread.interrupted();
            while (disturber.isAlive()) {
                try {
                    disturber.join();
                } catch (InterruptedException e) {
                    flag = true;
                }
            }
            flag |= Thread.interrupted();
            assertEquals(disturbance == 2, flag, "an interrupt never gets lost");
        }
    }
}
