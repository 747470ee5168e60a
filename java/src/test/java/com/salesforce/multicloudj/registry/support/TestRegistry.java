package com.salesforce.multicloudj.registry.support;

import com.salesforce.multicloudj.registry.client.RepositoryClient;
import com.salesforce.multicloudj.registry.client.RepositoryClientBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The registry of {@code examples/registry.rs} in a process of its own. Its repository {@code app} is filled. */
public final class TestRegistry implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process process;
    private final URI uri;

    private TestRegistry(Process process, URI uri) {
        this.process = process;
        this.uri = uri;
    }

    /** Starts one; {@code options} are those of the program. */
    public static TestRegistry start(String... options) {
        List<String> command = new ArrayList<>(List.of(program()));
        command.addAll(List.of(options));
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            BufferedReader out =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            String line = out.readLine();
            if (line == null || !line.startsWith("listening on ")) {
                process.destroyForcibly();
                throw new AssertionError("the registry said " + line);
            }
            return new TestRegistry(process, URI.create(line.substring("listening on ".length())));
        } catch (IOException e) {
            throw new AssertionError("the test registry does not start: " + command, e);
        }
    }

    private static String program() {
        String path = System.getProperty("mcjr.test.registry");
        if (path == null) {
            throw new AssertionError("-Dmcjr.test.registry must name the program of examples/registry.rs");
        }
        return path;
    }

    /** Scheme and authority. */
    public URI uri() {
        return uri;
    }

    /** {@code host:port}, as references write it. */
    public String host() {
        return uri.getAuthority();
    }

    /** The builder of a client for the filled repository. */
    public RepositoryClientBuilder clientBuilder() {
        return RepositoryClient.builder("oci").withEndpoint(uri);
    }

    /** A client for this registry. */
    public RepositoryClient client() {
        return clientBuilder().build();
    }

    /** Adds faults, one a line; see {@code tests/support/fault.rs}. */
    public void fault(String... lines) {
        post("/_control/faults", String.join("\n", lines));
    }

    /** Lets each layer of {@code app:tag} end after its first 20 bytes, without the connection being closed. */
    public void stallLayers(String tag) {
        for (Json layer : image("app:" + tag).get("layers").list()) {
            fault("GET /v2/app/blobs/" + layer.get("digest").text() + " stall=20");
        }
    }

    /** Forgets faults and log. */
    public void reset() {
        post("/_control/reset", "");
    }

    /** Ends the life of every token. */
    public void expireTokens() {
        post("/_control/expire-tokens", "");
    }

    /** What was pushed as {@code repository:tag}. */
    public Json image(String name) {
        return Json.parse(get("/_control/images")).get(name);
    }

    /** How many requests had this method, and a path that contains {@code part}. */
    public long requests(String method, String part) {
        return Json.parse(get("/_control/requests")).list().stream()
                .filter(request -> request.get("method").text().equals(method))
                .filter(request -> request.get("path").text().contains(part))
                .count();
    }

    private String get(String path) {
        return send(HttpRequest.newBuilder(uri.resolve(path)).GET().build());
    }

    private void post(String path, String body) {
        send(HttpRequest.newBuilder(uri.resolve(path)).POST(HttpRequest.BodyPublishers.ofString(body)).build());
    }

    private static String send(HttpRequest request) {
        // A test may have set the flag on purpose, and this client minds it.
        boolean interrupted = Thread.interrupted();
        try {
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError(request.uri() + ": " + response.body());
            }
            return response.body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(request.uri().toString(), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
