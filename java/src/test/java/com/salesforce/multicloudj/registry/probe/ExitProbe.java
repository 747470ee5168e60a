package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.registry.client.PullOptions;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.CountDownLatch;

/** A program that ends in one of the ways programs end: {@code how endpoint destination}. */
public final class ExitProbe {
    private ExitProbe() {}

    public static void main(String[] args) throws Exception {
        RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(args[1])).build();
        Path destination = Paths.get(args[2]);
        CountDownLatch running = new CountDownLatch(1);
        PullOptions options =
                PullOptions.builder().withProgressListener(progress -> running.countDown()).build();
        switch (args[0]) {
            case "returns-with-a-live-client":
                client.pullImage("app:gzip", destination);
                break;
            case "returns-during-a-pull":
                client.pullImageAsync("app:gzip", destination, options);
                running.await();
                break;
            case "exits-during-a-pull":
                client.pullImageAsync("app:gzip", destination, options);
                running.await();
                System.exit(3);
                break;
            case "exits-in-the-listener":
                client.pullImage("app:gzip", destination, PullOptions.builder()
                        .withProgressListener(progress -> System.exit(3))
                        .build());
                break;
            default:
                throw new IllegalArgumentException(args[0]);
        }
        System.out.println("main returns");
    }
}
