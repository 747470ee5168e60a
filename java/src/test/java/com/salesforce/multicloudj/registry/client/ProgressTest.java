package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.Pulls;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a listener is told, and what it may do. */
@ExtendWith(NoLeaks.class)
class ProgressTest {
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

    private void pull(String reference, ProgressListener listener) {
        try (RepositoryClient client = registry.client()) {
            client.pullImage(reference, dir.resolve("image.tar"), Pulls.listening(listener));
        }
    }

    @Test
    void theLayersAreToldInOrderUntilAllIsThere() {
        List<PullProgress> reports = new ArrayList<>();
        pull("app:gzip", reports::add);
        List<String> layers = registry.image("app:gzip").get("layers").list().stream()
                .map(layer -> layer.get("digest").text())
                .collect(Collectors.toList());
        PullProgress last = reports.get(reports.size() - 1);
        assertEquals(layers, last.getLayers().stream().map(PullProgress.Layer::getDigest).collect(Collectors.toList()));
        assertEquals(last.getBytesTotal(), last.getBytesDone());
        assertEquals(last.getBytesTotal(),
                last.getLayers().stream().mapToLong(PullProgress.Layer::getBytesTotal).sum());
        assertTrue(last.getLayers().stream().allMatch(layer -> layer.getBytesDone() == layer.getBytesTotal()));
    }

    @Test
    void aLayerThatIsThereTwiceIsToldOnce() {
        List<PullProgress> reports = new ArrayList<>();
        pull("app:dup", reports::add);
        assertEquals(2, reports.get(reports.size() - 1).getLayers().size());
    }

    @Test
    void anImageWithoutLayersIsToldToo() {
        List<PullProgress> reports = new ArrayList<>();
        pull("app:empty", reports::add);
        PullProgress last = reports.get(reports.size() - 1);
        assertEquals(0, last.getBytesTotal());
        assertEquals(List.of(), last.getLayers());
    }

    @Test
    void aSlowTransferIsToldWhileItRunsAtMostTenTimesASecondOnTheCallersThread() {
        registry.fault("GET /v2/app/blobs/* trickle=3000/100");
        List<Long> done = new ArrayList<>();
        Thread caller = Thread.currentThread();
        long start = System.nanoTime();
        pull("app:plain", progress -> {
            assertSame(caller, Thread.currentThread());
            done.add(progress.getBytesDone());
            if (progress.getBytesDone() > 30_000) {
                // Seen enough: the rest may come at once.
                registry.reset();
                throw new Enough();
            }
        }, Enough.class);
        long tenths = (System.nanoTime() - start) / 100_000_000;
        assertTrue(done.size() > 3, done.toString());
        // Two reports need not wait: the first one, and that the layers are known.
        assertTrue(done.size() <= tenths + 3, done.size() + " reports in " + tenths + " tenths of a second");
        assertEquals(done.stream().sorted().collect(Collectors.toList()), done);
    }

    private void pull(String reference, ProgressListener listener, Class<? extends Throwable> thrown) {
        assertThrows(thrown, () -> pull(reference, listener));
    }

    private static final class Enough extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    static Stream<Throwable> anything() {
        return Stream.of(
                new IllegalStateException("unchecked"), new IOException("checked"), new StackOverflowError("error"),
                new InterruptedException("interrupted, but not us"));
    }

    @ParameterizedTest
    @MethodSource("anything")
    void whatTheListenerThrowsArrivesAsTheSameObjectAndStopsThePull(Throwable thrown) throws Exception {
        registry.stallLayers("gzip");
        Path tar = Files.writeString(dir.resolve("image.tar"), "old");
        List<PullProgress> reports = new ArrayList<>();
        Throwable arrived = assertThrows(Throwable.class, () -> pull("app:gzip", progress -> {
            reports.add(progress);
            ProgressTest.<RuntimeException>sneak(thrown);
        }));
        assertSame(thrown, arrived);
        assertEquals(1, reports.size(), "the listener was called again");
        assertEquals("old", Files.readString(tar));
        Pulls.assertFiles(dir, "image.tar");
        assertFalse(Thread.currentThread().isInterrupted());
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void aListenerMayPullAndClose() {
        List<String> pulled = new ArrayList<>();
        try (RepositoryClient client = registry.client()) {
            Runnable close = client::close;
            client.pullImage("app:gzip", dir.resolve("outer.tar"), Pulls.listening(progress -> {
                if (pulled.isEmpty()) {
                    pulled.add(client.pullImage("app:plain", dir.resolve("inner.tar")).getSavedPath());
                    close.run();
                }
            }));
        }
        assertTrue(Files.exists(dir.resolve("outer.tar")));
        assertTrue(Files.exists(dir.resolve("inner.tar")));
    }
}
