package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.registry.client.RepositoryClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.stream.Stream;

/** Pulls into the only file of a folder, whatever it is called: {@code endpoint folder}. */
public final class ListedProbe {
    private ListedProbe() {}

    public static void main(String[] args) throws Exception {
        Path tar;
        try (Stream<Path> files = Files.list(Paths.get(args[1]))) {
            tar = files.findFirst().get();
        }
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(args[0])).build()) {
            client.pullImage("app:gzip", tar);
        }
        System.out.println(tar.toString().endsWith("b\u00fccher.tar") ? "spelt" : "not spelt");
    }
}
