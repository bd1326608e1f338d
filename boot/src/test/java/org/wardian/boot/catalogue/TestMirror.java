package org.wardian.boot.catalogue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A Debian mirror on this machine, with an archive under {@code /debian} and its security updates
 * under {@code /debian-security}, signed by a key of the test's own.
 */
final class TestMirror implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final TestKey key;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final Map<String, List<String>> stanzas = new ConcurrentHashMap<>();
  private final List<String> releaseFields = new ArrayList<>();

  /** How the mirror answers a request. */
  interface Answer {
    void send(HttpExchange exchange) throws IOException;
  }

  TestMirror(TestKey key) throws IOException {
    this.key = key;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(executor);
    server.createContext("/", this::handle);
    server.start();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      // A request to a proxy carries the whole address.
      String path = exchange.getRequestURI().getPath();
      requests.add(path);
      answers.getOrDefault(path, status(404)).send(exchange);
    }
  }

  /** A mirror with a kernel, its metapackage and busybox for amd64, in both archives' indexes. */
  static TestMirror withGuest(TestKey key, byte[] kernel, byte[] busybox) throws IOException {
    TestMirror mirror = new TestMirror(key);
    mirror.addGuest("debian", "6.1.0-1", "6.1.10-1", kernel);
    byte[] deb = new TestDeb().file("./bin/busybox", busybox).build("data.tar.xz");
    mirror.addPackage("debian", "busybox-static", "1:1.35.0-4", "", deb);
    mirror.publish();
    return mirror;
  }

  void addGuest(String archive, String release, String version, byte[] kernel) {
    String name = "linux-image-" + release + "-cloud-amd64";
    byte[] deb =
        new TestDeb()
            .file("./boot/System.map-" + release, new byte[100])
            .file("./boot/vmlinuz-" + release + "-cloud-amd64", kernel)
            .build("data.tar.xz");
    addPackage(archive, name, version, "kmod, linux-base (>= 4.3~)", deb);
    addPackage(
        archive,
        "linux-image-cloud-amd64",
        version,
        name + " (= " + version + ")",
        new TestDeb().build("data.tar.xz"));
  }

  void addPackage(String archive, String name, String version, String depends, byte[] deb) {
    addPackageWith(
        archive, name, version, depends.isEmpty() ? "" : "Depends: " + depends + "\n", deb);
  }

  /** A package with further fields in the index, each with its line's end. */
  void addPackageWith(String archive, String name, String version, String fields, byte[] deb) {
    String path = "pool/main/" + name + "_" + version.replace(":", "%3a") + "_amd64.deb";
    path = path.replace("%3a", ".");
    serve("/" + archive + "/" + path, deb);
    String stanza =
        "Package: "
            + name
            + "\nVersion: "
            + version
            + "\nArchitecture: amd64\n"
            + fields
            + "Description: for a test\n of several\n .\n lines\nFilename: "
            + path
            + "\nSize: "
            + deb.length
            + "\nSHA256: "
            + Sha256.of(deb)
            + "\n";
    stanzas.computeIfAbsent(archive, a -> new CopyOnWriteArrayList<>()).add(stanza);
  }

  /** Forgets a package in the next index. */
  void removePackage(String archive, String name) {
    stanzas.get(archive).removeIf(stanza -> stanza.startsWith("Package: " + name + "\n"));
  }

  /** A further line of the signed index, such as {@code Valid-Until}. */
  void addReleaseField(String line) {
    releaseFields.add(line);
  }

  /** Writes and signs the indexes anew. */
  void publish() {
    publish("debian", "bookworm");
    publish("debian-security", "bookworm-security");
  }

  private void publish(String archive, String suite) {
    byte[] plain =
        String.join("\n", stanzas.getOrDefault(archive, List.of()))
            .getBytes(StandardCharsets.UTF_8);
    byte[] packed = TestDeb.xz(plain);
    String folder = "/" + archive + "/dists/" + suite + "/";
    serve(folder + "main/binary-amd64/Packages.xz", packed);
    StringBuilder release = new StringBuilder("Origin: Debian\n");
    release.append("Suite: oldstable\nCodename: ").append(suite).append('\n');
    release.append("Date: ").append(date(Instant.now().minusSeconds(60))).append('\n');
    releaseFields.forEach(line -> release.append(line).append('\n'));
    release.append("SHA256:\n");
    release.append(line(plain, "main/binary-amd64/Packages"));
    release.append(line(packed, "main/binary-amd64/Packages.xz"));
    serve(folder + "InRelease", key.clearSign(release.toString()));
  }

  private static String line(byte[] file, String path) {
    return " " + Sha256.of(file) + " " + file.length + " " + path + "\n";
  }

  /** A time as Debian writes it. */
  static String date(Instant time) {
    return DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'UTC'", Locale.ROOT)
        .withZone(ZoneOffset.UTC)
        .format(time);
  }

  void serve(String path, byte[] content) {
    answers.put(path, whole(content));
  }

  void answer(String path, Answer answer) {
    answers.put(path, answer);
  }

  static Answer whole(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(content);
      }
    };
  }

  static Answer status(int code) {
    return exchange -> exchange.sendResponseHeaders(code, -1);
  }

  static Answer redirect(String location) {
    return exchange -> {
      exchange.getResponseHeaders().add("Location", location);
      exchange.sendResponseHeaders(302, -1);
    };
  }

  /** Promises all, sends a part, and hangs up. */
  static Answer truncated(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, content.length / 2);
      exchange.getResponseBody().flush();
      throw new IOException("hang up");
    };
  }

  /** Answers the first request in one way and the further ones in another. */
  static Answer firstThen(Answer first, Answer further) {
    return new Answer() {
      private boolean again;

      @Override
      public synchronized void send(HttpExchange exchange) throws IOException {
        Answer answer = again ? further : first;
        again = true;
        answer.send(exchange);
      }
    };
  }

  URI archive() {
    return URI.create(address() + "/debian");
  }

  URI security() {
    return URI.create(address() + "/debian-security");
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  DebianMirrors mirrors() {
    return new DebianMirrors(List.of(archive()), List.of(security()));
  }

  /** The paths asked for so far. */
  List<String> requests() {
    return requests;
  }

  /** The path of the one package whose name begins so. */
  String packagePath(String archive, String prefix) {
    return answers.keySet().stream()
        .filter(path -> path.startsWith("/" + archive + "/pool/main/" + prefix))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
