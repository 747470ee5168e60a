package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.registry.client.PullOptions;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.model.PullResult;
import java.net.URI;
import java.nio.file.Paths;
import java.util.concurrent.Callable;

/** Pulls with whatever classes its own class loader sees. Uses no JUnit. */
public final class PullProbe implements Callable<String> {
    private final String endpoint;
    private final String reference;
    private final String destination;

    /** All strings, so that any class loader can pass them. */
    public PullProbe(String endpoint, String reference, String destination) {
        this.endpoint = endpoint;
        this.reference = reference;
        this.destination = destination;
    }

    @Override
    public String call() {
        int[] reports = new int[1];
        PullOptions options = PullOptions.builder().withProgressListener(progress -> reports[0]++).build();
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(endpoint)).build()) {
            PullResult result = client.pullImage(reference, Paths.get(destination), options);
            if (reports[0] == 0) {
                throw new IllegalStateException("the listener was not called");
            }
            return result.getMetadata().getDigest();
        }
    }
}
