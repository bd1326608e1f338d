package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.ProgressListener;
import org.wardian.boot.catalogue.SystemMedia;

class BuildConsoleTest {
  @TempDir private Path folder;
  private final Steps steps = new Steps();
  private BuildConsole console;

  /** Keeps what it hears of steps. */
  private static final class Steps implements ProgressListener {
    private final List<String> heard = new ArrayList<>();

    @Override
    public void fileStarted(String name, long totalBytes) {}

    @Override
    public void fileAdvanced(long receivedBytes) {}

    @Override
    public void fileFinished() {}

    @Override
    public void fileFailed() {}

    @Override
    public void note(String line) {}

    @Override
    public void stepStarted(String name, int total) {
      heard.add(name + " of " + total);
    }

    @Override
    public void stepAdvanced(int done, String piece) {
      heard.add(done + " " + piece);
    }

    @Override
    public void stepFinished() {
      heard.add("finished");
    }
  }

  @BeforeEach
  void open() throws IOException {
    SystemMedia media =
        new SystemMedia("debian", new byte[0], new byte[0], folder.resolve("iso"), 2, 5);
    console = new BuildConsole(media, steps, folder.resolve("log"));
  }

  @Test
  void showsStepsAndPackages() throws IOException {
    say("ward: step: making the file system");
    say("ward: step: laying out");
    say("processing: layout: dpkg.deb");
    say("ward: step: installing");
    say("processing: install: dpkg");
    say("status: dpkg: half-installed");
    say("processing: trigproc: libc-bin");
    say("processing: configure: dpkg");
    say("ward: done");
    assertThat(steps.heard)
        .containsExactly(
            "making the file system of 0",
            "finished",
            "laying out of 2",
            "0 layout: dpkg.deb",
            "finished",
            "installing of 4",
            "0 install: dpkg",
            "1 configure: dpkg",
            "finished");
    assertThat(console.isDone()).isTrue();
    console.close();
    assertThat(Files.readString(folder.resolve("log"))).contains("status: dpkg: half-installed");
  }

  @Test
  void givesTheGuestsReason() {
    say("ward: step: installing");
    say("ward: failed: the packages cannot be \033[31mconfigured\007");
    assertThat(console.isDone()).isFalse();
    assertThat(console.reason()).isEqualTo("the packages cannot be [31mconfigured");
  }

  @Test
  void withoutAReasonGivesTheLastWords() {
    say("status: dpkg: installed");
    say("Kernel panic - not syncing: Attempted to kill init!");
    assertThat(console.isDone()).isFalse();
    assertThat(console.reason()).contains("Attempted to kill init").doesNotContain("status");
  }

  @Test
  void anyBytesAreTaken() {
    Random random = new Random(3);
    for (int n = 0; n < 200_000; n++) {
      console.transmit((byte) (random.nextInt(30) == 0 ? '\n' : random.nextInt(256)));
    }
    assertThat(console.isDone()).isFalse();
    assertThat(console.reason()).hasSizeLessThan(20_000);
  }

  private void say(String line) {
    for (byte each : (line + "\r\n").getBytes(StandardCharsets.UTF_8)) {
      console.transmit(each);
    }
  }
}
