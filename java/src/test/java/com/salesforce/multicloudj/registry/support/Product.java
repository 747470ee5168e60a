package com.salesforce.multicloudj.registry.support;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** The jar as it is shipped, in class loaders and JVMs of its own. */
public final class Product {
    private Product() {}

    /** The jar that the build made. */
    public static Path jar() {
        String path = System.getProperty("mcjr.test.jar");
        if (path == null) {
            throw new AssertionError("-Dmcjr.test.jar must name the jar");
        }
        return Paths.get(path);
    }

    /** The jars of this test run (MultiCloudJ among them) and the folders of the test classes: not our own classes. */
    public static List<Path> surroundings() {
        return Stream.concat(classPath().filter(path -> path.toString().endsWith(".jar")), testClasses())
                .collect(Collectors.toList());
    }

    /** The folders of the test classes, for probes that run in another class loader. */
    public static Stream<Path> testClasses() {
        String probe = Product.class.getName().replace('.', '/') + ".class";
        return classPath().filter(path -> Files.exists(path.resolve(probe)));
    }

    private static Stream<Path> classPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).map(Paths::get);
    }

    /** A class loader that sees the jar and {@code others}, and of this JVM only the platform. */
    public static URLClassLoader classLoader(List<Path> others) {
        List<Path> all = new ArrayList<>(List.of(jar()));
        all.addAll(others);
        return new URLClassLoader(
                all.stream().map(Product::url).toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static URL url(Path path) {
        try {
            return path.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    /** What a JVM did. */
    public static final class Run {
        /** Exit status. */
        public final int status;

        /** Everything printed. */
        public final String output;

        Run(int status, String output) {
            this.status = status;
            this.output = output;
        }

        @Override
        public String toString() {
            return "exit " + status + "\n" + output;
        }
    }

    /** Runs {@code main} in a JVM like this one, which must end by itself within 60 seconds. */
    public static Run java(List<String> jvmOptions, Class<?> main, Object... args) {
        return run(List.of(), jvmOptions, main, args);
    }

    /** The same in a mount namespace of its own, in which {@code folder} is a tmpfs with these mount options. */
    public static Run javaWithTmpfs(
            Path folder, String mountOptions, List<String> jvmOptions, Class<?> main, Object... args) {
        List<String> prefix = List.of("unshare", "--mount", "sh", "-c",
                "mount -t tmpfs -o \"$1\" none \"$2\" || exit 99; shift 2; exec \"$@\"", "sh", mountOptions,
                folder.toString());
        Run run = run(prefix, jvmOptions, main, args);
        if (run.status == 99 || run.output.startsWith("unshare:")) {
            if (System.getenv("CI") != null) {
                throw new AssertionError("CI must let the test mount a tmpfs: " + run);
            }
            System.out.println("SKIPPED, this machine does not let the test mount a tmpfs: " + run.output);
            throw new TestAbortedException("no tmpfs: " + run.output);
        }
        return run;
    }

    /** The same with a locale whose file names are ASCII. */
    public static Run javaWithAsciiNames(List<String> jvmOptions, Class<?> main, Object... args) {
        return run(List.of("env", "LC_ALL=C"), jvmOptions, main, args);
    }

    /** The same with these variables, {@code NAME=value}, in its environment. */
    public static Run javaWith(String[] environment, List<String> jvmOptions, Class<?> main, Object... args) {
        List<String> prefix = new ArrayList<>(List.of("env"));
        prefix.addAll(List.of(environment));
        return run(prefix, jvmOptions, main, args);
    }

    private static Run run(List<String> prefix, List<String> jvmOptions, Class<?> main, Object... args) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xcheck:jni", "-Xmx128m", "-cp"));
        command.add(Stream.concat(Stream.of(jar()), surroundings().stream())
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator)));
        command.addAll(jvmOptions);
        command.add(main.getName());
        Stream.of(args).map(String::valueOf).forEach(command::add);
        try {
            Path output = Files.createTempFile("mcjr-test", ".txt");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                boolean ended = process.waitFor(60, TimeUnit.SECONDS);
                if (!ended) {
                    process.destroyForcibly().waitFor();
                }
                Run run = new Run(process.exitValue(), Files.readString(output));
                if (!ended) {
                    throw new AssertionError("the JVM does not end: " + run);
                }
                return run;
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
