package com.salesforce.multicloudj.registry.probe;

import com.salesforce.multicloudj.common.exceptions.ResourceExhaustedException;
import com.salesforce.multicloudj.registry.client.RepositoryClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Pulls what does not fit: {@code endpoint folder}. Prints what happened and what is in the folder then. */
public final class FullDiskProbe {
    private FullDiskProbe() {}

    public static void main(String[] args) throws Exception {
        Path folder = Paths.get(args[1]);
        Path tar = Files.writeString(folder.resolve("image.tar"), "old");
        try (RepositoryClient client = RepositoryClient.builder("oci").withEndpoint(URI.create(args[0])).build()) {
            client.pullImage("app:big", tar);
            System.out.println("pulled");
        } catch (ResourceExhaustedException e) {
            System.out.println("ResourceExhaustedException: " + e.getMessage());
        }
        try (Stream<Path> files = Files.list(folder)) {
            System.out.println(files.map(file -> file.getFileName().toString()).collect(Collectors.toList()) + " "
                    + Files.readString(tar));
        }
    }
}
