package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.display.PaintedScreen;

/**
 * Debian's viewers that need no display of their own: {@code gvnccapture} (package gvncviewer),
 * {@code vncsnapshot}, and the gtk-vnc library in a script (python3-gi, gir1.2-gtk-vnc-2.0, and
 * libnss-wrapper, by which the library finds a certificate that is not the system's).
 */
@Timeout(600)
class RealViewersTest {
  private static final String PASSWORD = "s3cret";
  private static final String PYTHON = "/usr/bin/python3"; // the one that has Debian's modules

  private final PaintedScreen screen = PaintedScreen.pattern(643, 485);
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private VncServer server;

  @TempDir private Path folder;

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private void serve(VncOptions options) throws IOException {
    server =
        VncServer.listen(
            options,
            screen,
            (code, down) -> events.add("%s %x".formatted(down ? "down" : "up", code)),
            (x, y, width, height, buttons, wheel) ->
                events.add("%d,%d of %dx%d, %d".formatted(x, y, width, height, buttons)));
  }

  private static VncOptions options() {
    return VncOptions.at(VncAddress.parse("127.0.0.1::0"));
  }

  private int port() {
    return ((VncAddress.Tcp) server.address()).port();
  }

  /** Where these viewers take a display for granted, its number; ports may be beyond 99 there. */
  private String display() {
    return "localhost:" + (port() - VncAddress.FIRST_PORT);
  }

  private static void assumeTool(String name, String debianPackage) {
    boolean found = false;
    for (String directory : System.getenv("PATH").split(":")) {
      found |= Files.isExecutable(Path.of(directory, name));
    }
    assumeTrue(found, name + " is not installed (Debian package " + debianPackage + ")");
  }

  private String run(Map<String, String> environment, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    Path said = folder.resolve("said");
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(600, TimeUnit.SECONDS)).as("%s ends", command[0]).isTrue();
      assertThat(process.exitValue()).as(Files.readString(said)).isZero();
      return Files.readString(said);
    } finally {
      process.destroyForcibly();
    }
  }

  /** The largest difference of a component from what the screen shows. */
  private int difference(Path picture) throws IOException {
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(image.getWidth()).isEqualTo(screen.width());
    assertThat(image.getHeight()).isEqualTo(screen.height());
    int[] expected = screen.pixels();
    int largest = 0;
    for (int i = 0; i < expected.length; i++) {
      int pixel = image.getRGB(i % screen.width(), i / screen.width());
      for (int shift = 0; shift < 24; shift += 8) {
        int one = pixel >> shift & 0xff;
        int other = expected[i] >> shift & 0xff;
        largest = Math.max(largest, Math.abs(one - other));
      }
    }
    return largest;
  }

  @Test
  void gvnccaptureSeesEveryPixel() throws Exception {
    assumeTool("gvnccapture", "gvncviewer");
    serve(options());
    run(Map.of(), "gvnccapture", "-q", display(), "picture.png");
    assertThat(difference(folder.resolve("picture.png"))).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "hextile", "tight"})
  void vncsnapshotSeesEveryPixel(String encoding) throws Exception {
    assumeTool("vncsnapshot", "vncsnapshot");
    serve(options().withPassword(VncPassword.of(PASSWORD)));
    // The file that vncpasswd makes: the password, encrypted by a key that everybody knows.
    byte[] plain = new byte[VncPassword.CHALLENGE_LENGTH];
    System.arraycopy(PASSWORD.getBytes(StandardCharsets.US_ASCII), 0, plain, 0, PASSWORD.length());
    byte[] hidden = VncPassword.of("\u0017Rk\u0006#NX\u0007").response(plain);
    Files.write(folder.resolve("password"), Arrays.copyOf(hidden, 8));
    run(
        Map.of(),
        "vncsnapshot",
        "-quiet",
        "-nojpeg",
        "-encodings",
        encoding,
        "-passwd",
        "password",
        display(),
        "picture.jpg");
    // It writes JPEG at full quality, which rounds.
    assertThat(difference(folder.resolve("picture.jpg"))).isLessThanOrEqualTo(2);
  }

  @Test
  void gtkVncTypesPointsAndIsResized() throws Exception {
    assumeGtkVnc();
    serve(options().withPassword(VncPassword.of(PASSWORD)));
    gtkVnc(Map.of(), 2, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void gtkVncWithinTls(String algorithm) throws Exception {
    assumeGtkVnc();
    Certificates certificates = Certificates.in(folder, algorithm);
    VncTls tls = VncTls.pem(certificates.certificate(), certificates.key());
    serve(options().withPassword(VncPassword.of(PASSWORD)).withTls(tls));
    gtkVnc(trusting(certificates), 19, 261);
  }

  @Test
  void gtkVncWithinTlsWithoutPassword() throws Exception {
    assumeGtkVnc();
    Certificates certificates = Certificates.in(folder, "RSA");
    VncTls tls = VncTls.keyStore(certificates.keyStore(), Certificates.PASSWORD.toCharArray());
    serve(options().withTls(tls));
    gtkVnc(trusting(certificates), 19, 260);
  }

  private void assumeGtkVnc() throws Exception {
    boolean found = false;
    if (Files.isExecutable(Path.of(PYTHON))) {
      Process process =
          new ProcessBuilder(PYTHON, "-c", "import gi; gi.require_version('GVnc', '1.0')")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      found = process.waitFor() == 0;
    }
    assumeTrue(found, "no GVnc for Python (Debian packages python3-gi, gir1.2-gtk-vnc-2.0)");
  }

  /** The library looks for certificates in the home that the user data base names. */
  private Map<String, String> trusting(Certificates certificates) throws IOException {
    boolean found = false;
    try (var folders = Files.newDirectoryStream(Path.of("/usr/lib"), "*-linux-gnu")) {
      for (Path each : folders) {
        found |= Files.exists(each.resolve("libnss_wrapper.so"));
      }
    }
    assumeTrue(found, "no libnss_wrapper.so (Debian package libnss-wrapper)");
    Path trusted = Files.createDirectories(folder.resolve(".pki/CA"));
    Files.copy(certificates.certificate(), trusted.resolve("cacert.pem"));
    Object user = Files.getAttribute(folder, "unix:uid");
    Object group = Files.getAttribute(folder, "unix:gid");
    Path users = folder.resolve("passwd");
    Path groups = folder.resolve("group");
    Files.writeString(users, "viewer:x:%s:%s::%s:/bin/sh\n".formatted(user, group, folder));
    Files.writeString(groups, "viewer:x:%s:\n".formatted(group));
    return Map.of(
        "LD_PRELOAD",
        "libnss_wrapper.so",
        "NSS_WRAPPER_PASSWD",
        users.toString(),
        "NSS_WRAPPER_GROUP",
        groups.toString());
  }

  private void gtkVnc(Map<String, String> environment, int security, int within) throws Exception {
    Path script = folder.resolve("gvnc.py");
    try (var in = RealViewersTest.class.getResourceAsStream("gvnc.py")) {
      Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
    }
    int[] expected = screen.pixels();
    List<String> typed = new ArrayList<>();
    Thread person =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; i < 6; i++) {
                typed.add(next());
              }
              screen.resize(800, 600);
            });
    String said =
        run(
            environment,
            PYTHON,
            "gvnc.py",
            "localhost",
            Integer.toString(port()),
            Integer.toString(security),
            Integer.toString(within),
            PASSWORD);
    assertThat(said.lines())
        .contains("initialized 643 485 Wardian", "extended keys True", "resized 800 600");
    person.join();
    int[] seen = new int[expected.length];
    byte[] pixels = Files.readAllBytes(folder.resolve("pixels"));
    ByteBuffer.wrap(pixels).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(seen);
    for (int i = 0; i < seen.length; i++) {
      seen[i] &= 0xffffff;
    }
    assertThat(seen).isEqualTo(expected);
    assertThat(typed)
        .containsExactly(
            "down 1e", "up 1e", "down 11c", "up 11c", "7,8 of 643x485, 1", "9,10 of 643x485, 0");
  }

  private String next() {
    try {
      return events.poll(90, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
