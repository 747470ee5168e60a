package com.salesforce.multicloudj.registry.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.salesforce.multicloudj.common.exceptions.SubstrateSdkException;
import com.salesforce.multicloudj.common.retries.RetryConfig;
import com.salesforce.multicloudj.registry.internal.NoLeaks;
import com.salesforce.multicloudj.registry.support.Json;
import com.salesforce.multicloudj.registry.support.Tar;
import com.salesforce.multicloudj.registry.support.TestRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Many pulls at once from a registry that fails a request of twenty at random: each ends right, or says why not. */
@ExtendWith(NoLeaks.class)
class LoadTest {
    private static final String[] TAGS = {"gzip", "zstd", "plain", "dup", "members", "docker2", "empty"};

    private static TestRegistry registry;
    private static final Map<String, Json> IMAGES = new TreeMap<>();

    @TempDir
    Path dir;

    @BeforeAll
    static void start() {
        registry = TestRegistry.start();
        for (String tag : TAGS) {
            IMAGES.put(tag, registry.image("app:" + tag));
        }
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @BeforeEach
    void failOneInTwenty() {
        registry.reset();
        registry.fault(
                "GET * percent=1 seed=1 status=503",
                "GET * percent=1 seed=2 status=429 retry-after=0",
                "GET * percent=1 seed=3 reset",
                "GET * percent=1 seed=4 cut=100",
                "GET * percent=1 seed=5 status=500");
    }

    private static RetryConfig attempts(int attempts) {
        return RetryConfig.builder().maxAttempts(attempts).initialDelayMillis(20).build();
    }

    /** Runs as many pulls as there are threads, {@code rounds} times, all through one client. */
    private Map<String, Integer> pulls(int threads, int rounds, RetryConfig retries) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        Map<String, Integer> ends = new TreeMap<>();
        long before = System.nanoTime();
        try (RepositoryClient client = registry.clientBuilder().withRetryConfig(retries).build()) {
            CyclicBarrier together = new CyclicBarrier(threads);
            List<Future<List<String>>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int worker = i;
                workers.add(executor.submit(() -> {
                    List<String> own = new ArrayList<>();
                    for (int round = 0; round < rounds; round++) {
                        together.await(60, TimeUnit.SECONDS);
                        own.add(pull(client, worker * rounds + round));
                    }
                    return own;
                }));
            }
            for (Future<List<String>> worker : workers) {
                worker.get(60, TimeUnit.SECONDS).forEach(end -> ends.merge(end, 1, Integer::sum));
            }
        } finally {
            executor.shutdownNow();
        }
        System.out.printf("load: %d threads, %d pulls in %.1f s: %s%n", threads, threads * rounds,
                (System.nanoTime() - before) / 1e9, ends);
        assertEquals(threads * rounds, ends.values().stream().mapToInt(Integer::intValue).sum());
        try (var files = Files.list(dir)) {
            assertEquals(ends.getOrDefault("a correct tar", 0), (int) files.count(), "one file for each that worked");
        }
        return ends;
    }

    private String pull(RepositoryClient client, int number) throws Exception {
        String tag = TAGS[number % TAGS.length];
        Path tar = dir.resolve(number + ".tar");
        try {
            assertEquals(IMAGES.get(tag).get("digest").text(),
                    client.pullImage("app:" + tag, tar).getMetadata().getDigest());
        } catch (SubstrateSdkException e) {
            String clear = "(?s).*: .*(HTTP \\d+|reset|bytes|connection|body|message).*after \\d+\\.\\d s.*";
            assertTrue(e.getMessage().matches(clear), e.getMessage());
            assertTrue(!Files.exists(tar), "a pull that failed left " + tar);
            return e.getClass().getSimpleName();
        }
        check(tag, Tar.read(tar));
        return "a correct tar";
    }

    private static void check(String tag, Map<String, byte[]> files) throws Exception {
        for (Json layer : IMAGES.get(tag).get("layers").list()) {
            String digest = layer.get("digest").text();
            byte[] content = files.get(digest.replace(':', '_') + "/layer.tar");
            assertTrue(content != null, tag + " has no " + digest);
            String found = sha256(content);
            assertTrue(found.equals(digest) || found.equals(layer.get("diffId").text()), tag + ": " + found);
        }
        assertTrue(files.containsKey("manifest.json"));
    }

    private static String sha256(byte[] bytes) throws Exception {
        StringBuilder text = new StringBuilder("sha256:");
        for (byte b : MessageDigest.getInstance("SHA-256").digest(bytes)) {
            text.append(String.format("%02x", b));
        }
        return text.toString();
    }

    @Test
    void twoHundredAtOnce() throws Exception {
        Map<String, Integer> ends = pulls(200, 1, attempts(5));
        assertTrue(ends.getOrDefault("a correct tar", 0) >= 199, ends.toString());
    }

    @Test
    void twoHundredAtOnceWithoutRetries() throws Exception {
        Map<String, Integer> ends = pulls(200, 1, attempts(1));
        assertTrue(ends.size() > 1 && ends.containsKey("a correct tar"), "some fail, some do not: " + ends);
    }

    @Test
    void sixtyFourThreadsShareOneClient() throws Exception {
        Map<String, Integer> ends = pulls(64, 5, attempts(5));
        assertTrue(ends.getOrDefault("a correct tar", 0) >= 319, ends.toString());
    }
}
