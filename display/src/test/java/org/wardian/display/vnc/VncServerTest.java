package org.wardian.display.vnc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.display.PaintedScreen;
import org.wardian.display.vnc.encoding.Formats;
import org.wardian.display.vnc.encoding.PixelFormat;

/** Viewers on real sockets. */
@Timeout(600)
class VncServerTest {
  private static final int WIDTH = 300;
  private static final int HEIGHT = 200;

  private final PaintedScreen screen = PaintedScreen.pattern(WIDTH, HEIGHT);
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> log = new LinkedBlockingQueue<>();
  private VncServer server;

  @BeforeEach
  void start() throws IOException {
    server = serve(options());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private VncOptions options() {
    return VncOptions.at(VncAddress.parse("127.0.0.1::0")).withLog(log::add);
  }

  private VncServer serve(VncOptions options) throws IOException {
    return VncServer.listen(
        options,
        screen,
        (code, down) -> events.add("%s %x".formatted(down ? "down" : "up", code)),
        (x, y, width, height, buttons, wheel) ->
            events.add("%d,%d of %dx%d, %d, %d".formatted(x, y, width, height, buttons, wheel)));
  }

  private String event() throws InterruptedException {
    return events.poll(120, TimeUnit.SECONDS);
  }

  private void awaitLog(String part) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    while (true) {
      String line = log.poll(120, TimeUnit.SECONDS);
      assertThat(line).as("a line with '%s' after %s", part, lines).isNotNull();
      if (line.contains(part)) {
        return;
      }
      lines.add(line);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 7, 16})
  void aViewerSeesTheScreenAndItsChanges(int encoding) throws IOException {
    Random random = new Random(encoding);
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      assertThat(viewer.name).isEqualTo("Wardian");
      viewer.encodings(encoding, -250);
      viewer.request(false);
      viewer.update();
      assertThat(viewer.pixels).isEqualTo(screen.pixels());
      for (int i = 0; i < 20; i++) {
        int x = random.nextInt(WIDTH - 1);
        int y = random.nextInt(HEIGHT - 1);
        screen.noise(
            x, y, 1 + random.nextInt(WIDTH - x), 1 + random.nextInt(HEIGHT - y), 9, random);
        viewer.request(true);
        viewer.update();
        assertThat(viewer.pixels).isEqualTo(screen.pixels());
      }
    }
  }

  @Test
  void onlyWhatChangedIsSent() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(0);
      viewer.request(false);
      viewer.update();
      viewer.pixels = new int[WIDTH * HEIGHT];
      screen.fill(70, 20, 3, 3, 0x123456);
      viewer.request(true);
      assertThat(viewer.update()).isEqualTo(1);
      int sent = 0;
      for (int pixel : viewer.pixels) {
        sent += pixel != 0 ? 1 : 0;
      }
      assertThat(viewer.pixels[20 * WIDTH + 70]).isEqualTo(0x123456);
      assertThat(sent).isLessThanOrEqualTo(64 * 16);
    }
  }

  @Test
  void aRequestIsAnsweredOnceAndOnlyWhenSomethingChanges() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(7);
      viewer.request(false);
      viewer.update();
      // Nothing changes for these two; the third is answered at once.
      viewer.request(true);
      viewer.request(true);
      viewer.request(false, 0, 0, 1, 1);
      assertThat(viewer.update()).isEqualTo(1);
      screen.fill(0, 0, 1, 1, 0x010203);
      viewer.request(true);
      viewer.update();
      assertThat(viewer.pixels).isEqualTo(screen.pixels());
    }
  }

  @Test
  void changesOutsideOfTheRegionWait() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(16);
      viewer.request(false);
      viewer.update();
      int[] before = viewer.pixels.clone();
      screen.fill(0, 0, 10, 10, 0xff0000);
      screen.fill(200, 150, 10, 10, 0x00ff00);
      viewer.request(true, 190, 140, 50, 50);
      viewer.update();
      assertThat(viewer.pixels[150 * WIDTH + 200]).isEqualTo(0x00ff00);
      assertThat(viewer.pixels[0]).isEqualTo(before[0]);
      viewer.request(true);
      viewer.update();
      assertThat(viewer.pixels).isEqualTo(screen.pixels());
    }
  }

  @Test
  void everyFormatOfPixels() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      for (byte[] wire : Formats.ALL) {
        for (int encoding : new int[] {0, 5, 7, 16}) {
          viewer.format(wire);
          viewer.encodings(encoding);
          viewer.request(false);
          viewer.update();
          int[] expected = screen.pixels();
          PixelFormat.read(wire).translate(expected, expected.length);
          assertThat(viewer.pixels).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void aColourMap() throws IOException {
    byte[] wire = new byte[16];
    wire[0] = 8;
    wire[1] = 8;
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.format(wire);
      viewer.encodings(0);
      viewer.request(false);
      viewer.update();
      assertThat(viewer.colourMap).hasSize(256);
      viewer.update();
      int[] expected = screen.pixels();
      PixelFormat.read(wire).translate(expected, expected.length);
      assertThat(viewer.pixels).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-223, -308})
  void anotherSizeIsTold(int sizes) throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(16, sizes);
      viewer.request(false);
      while (viewer.update() == 0) {
        // The size, which is told first.
      }
      screen.resize(720, 400);
      screen.fill(10, 10, 600, 300, 0x777777);
      viewer.request(true);
      assertThat(viewer.update()).isZero();
      assertThat(viewer.width).isEqualTo(720);
      assertThat(viewer.height).isEqualTo(400);
      viewer.request(true);
      viewer.update();
      assertThat(viewer.pixels).isEqualTo(screen.pixels());
    }
  }

  @Test
  void aViewerThatKnowsNoSizesSeesWhatFits() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(0);
      viewer.request(false);
      viewer.update();
      screen.resize(400, 100);
      screen.fill(0, 0, 400, 100, 0x0a0b0c);
      viewer.request(true);
      viewer.update();
      for (int i = 0; i < viewer.pixels.length; i++) {
        assertThat(viewer.pixels[i]).isEqualTo(i / WIDTH < 100 ? 0x0a0b0c : 0);
      }
      screen.fill(200, 50, 200, 1, 0x00ffff);
      viewer.request(true);
      viewer.update();
      assertThat(viewer.pixels[50 * WIDTH + WIDTH - 1]).isEqualTo(0x00ffff);
    }
  }

  @Test
  void theWishForAnotherSizeIsRefused() throws IOException {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(0, -308);
      viewer.update();
      assertThat(viewer.sizeReason).isZero();
      viewer.wantSize(1024, 768);
      viewer.out.flush();
      viewer.update();
      assertThat(viewer.sizeReason).as("because of this client").isEqualTo(1);
      assertThat(viewer.sizeStatus).as("administratively prohibited").isEqualTo(1);
      assertThat(viewer.width).isEqualTo(WIDTH);
    }
  }

  @Test
  void keysAndPointerArrive() throws Exception {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(0, -258);
      viewer.update();
      assertThat(viewer.extendedKeys).isTrue();
      viewer.key('a', true);
      viewer.key('a', false);
      viewer.extendedKey(0xff0d, 0x9c, true);
      viewer.extendedKey(0xff0d, 0x9c, false);
      viewer.pointer(5, 6, 1);
      viewer.pointer(1000, 1000, 0);
      viewer.pointer(5, 6, 8);
      viewer.pointer(5, 6, 0);
      viewer.pointer(5, 6, 16);
      viewer.extendedKey(0, 0x1d, true);
      viewer.pointer(5, 6, 4);
      viewer.out.flush();
      for (String expected :
          new String[] {
            "down 1e",
            "up 1e",
            "down 11c",
            "up 11c",
            "5,6 of 300x200, 1, 0",
            "299,199 of 300x200, 0, 0",
            "5,6 of 300x200, 0, -1",
            "5,6 of 300x200, 0, 0",
            "5,6 of 300x200, 0, 1",
            "down 1d",
            "5,6 of 300x200, 4, 0"
          }) {
        assertThat(event()).isEqualTo(expected);
      }
    }
    // Whoever leaves lets go of everything.
    assertThat(event()).isEqualTo("up 1d");
    assertThat(event()).isEqualTo("5,6 of 300x200, 0, 0");
  }

  @Test
  void manyViewersAtOnce() throws IOException {
    List<ScriptedViewer> viewers = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        ScriptedViewer viewer = ScriptedViewer.looking(server);
        viewers.add(viewer);
        viewer.encodings(new int[] {0, 5, 7, 16}[i % 4]);
        viewer.request(false);
      }
      for (int round = 0; round < 5; round++) {
        for (ScriptedViewer viewer : viewers) {
          viewer.update();
          assertThat(viewer.pixels).isEqualTo(screen.pixels());
        }
        screen.fill(20 * round, 20, 30, 30, 0xabc + round);
        for (ScriptedViewer viewer : viewers) {
          viewer.request(true);
        }
      }
      assertThat(server.clients()).isEqualTo(8);
    } finally {
      for (ScriptedViewer viewer : viewers) {
        viewer.close();
      }
    }
  }

  @Test
  void oneThatDoesNotReadKeepsNobodyWaiting() throws Exception {
    screen.resize(2000, 1500);
    screen.noise(0, 0, 2000, 1500, 1 << 20, new Random(1));
    try (ScriptedViewer stuck = ScriptedViewer.looking(server);
        ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      stuck.encodings(0);
      stuck.request(false); // twelve megabytes, more than any socket buffers
      viewer.encodings(7);
      for (int i = 0; i < 10; i++) {
        screen.fill(i, i, 10, 10, i);
        viewer.request(i > 0);
        viewer.update();
        // The other viewer may have had the screen looked at just before the change.
        while (!Arrays.equals(viewer.pixels, screen.pixels())) {
          viewer.request(true);
          viewer.update();
        }
        if (i == 0) {
          // Soon: who does not read for half a minute is disconnected.
          stuck.key('x', true);
          stuck.out.flush();
          assertThat(event()).as("keys of a viewer that does not read").isEqualTo("down 2d");
        }
      }
    }
  }

  @Test
  void oneThatWantsTheScreenForItselfGetsIt() throws Exception {
    try (ScriptedViewer first = ScriptedViewer.looking(server);
        ScriptedViewer second = ScriptedViewer.looking(server, false)) {
      assertThat(first.ended()).isTrue();
      awaitLog("gave way");
      second.encodings(0);
      second.request(false);
      second.update();
      assertThat(server.clients()).isEqualTo(1);
    }
  }

  @Test
  void sharingCanBeImposed() throws IOException {
    server.close();
    server = serve(options().withSharing(VncOptions.Sharing.ALWAYS));
    try (ScriptedViewer first = ScriptedViewer.looking(server);
        ScriptedViewer second = ScriptedViewer.looking(server, false)) {
      for (ScriptedViewer viewer : List.of(first, second)) {
        viewer.encodings(0);
        viewer.request(false);
        viewer.update();
      }
    }
  }

  @Test
  void noMoreViewersThanAllowed() throws Exception {
    server.close();
    server = serve(options().withClients(2));
    try (ScriptedViewer first = ScriptedViewer.looking(server);
        ScriptedViewer second = ScriptedViewer.looking(server)) {
      assertThatThrownBy(() -> ScriptedViewer.looking(server)).isInstanceOf(IOException.class);
      awaitLog("one more than the 2");
      assertThat(server.clients()).isEqualTo(2);
      second.encodings(0);
      second.request(false);
      second.update();
      first.encodings(0);
    }
  }

  @Test
  void strangersGiveWay() throws Exception {
    List<ScriptedViewer> strangers = new ArrayList<>();
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      for (int i = 0; i < 40; i++) {
        strangers.add(ScriptedViewer.connect(server));
      }
      awaitLog("handshake was not over");
      viewer.encodings(0);
      viewer.request(false);
      viewer.update();
      try (ScriptedViewer another = ScriptedViewer.looking(server)) {
        another.encodings(0);
        another.request(false);
        another.update();
      }
    } finally {
      for (ScriptedViewer stranger : strangers) {
        stranger.close();
      }
    }
  }

  @Test
  void badMessagesEndTheConnection() throws Exception {
    byte[][] bad = {
      {1},
      {7},
      {-2},
      {(byte) 250},
      {(byte) 150},
      {(byte) 255, 1},
      {6, 0, 0, 0, 0x7f, 0, 0, 0},
      {6, 0, 0, 0, -1, -1, -1, -1},
      {0, 0, 0, 0, 24, 24, 0, 1, 0, -1, 0, -1, 0, -1, 16, 8, 0, 0, 0, 0},
      {(byte) 251, 0, 4, 0, 3, 0, 0, 0},
    };
    for (byte[] message : bad) {
      try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
        viewer.out.write(message);
        viewer.out.flush();
        assertThat(viewer.ended()).isTrue();
      }
    }
  }

  @Test
  void aClipboardIsSkipped() throws Exception {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.out.write(new byte[] {6, 0, 0, 0});
      viewer.out.writeInt(100_000);
      viewer.out.write(new byte[100_000]);
      viewer.key('q', true);
      viewer.out.flush();
      assertThat(event()).isEqualTo("down 10");
    }
  }

  @Test
  void aUnixSocket(@TempDir Path folder) throws IOException {
    Path path = folder.resolve("screen");
    VncOptions options = VncOptions.at(VncAddress.parse("unix:" + path)).withName("one");
    try (VncServer local = serve(options);
        ScriptedViewer viewer = ScriptedViewer.looking(local)) {
      assertThat(viewer.name).isEqualTo("one");
      assertThat(Files.getPosixFilePermissions(path)).hasSize(2);
      viewer.encodings(7);
      viewer.request(false);
      viewer.update();
      assertThat(viewer.pixels).isEqualTo(screen.pixels());
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void whoClosesDisconnects() throws Exception {
    try (ScriptedViewer viewer = ScriptedViewer.looking(server)) {
      viewer.encodings(0);
      viewer.request(true);
      server.close();
      assertThat(viewer.ended()).isTrue();
      awaitLog("the machine's screen is gone");
      assertThatThrownBy(() -> ScriptedViewer.connect(server)).isInstanceOf(IOException.class);
    }
  }
}
