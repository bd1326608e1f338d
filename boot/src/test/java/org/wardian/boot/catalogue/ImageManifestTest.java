package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageManifestTest {
  private static final ImageManifest MANIFEST =
      new ImageManifest(
          "debian-cloud",
          "bookworm",
          "amd64",
          Instant.parse("2026-11-21T20:06:15Z"),
          "6.1.0-56-cloud-amd64",
          new ImageManifest.Origin("linux-image-6.1.0", "6.1.192-2", "http://a/k.deb", "00"),
          new ImageManifest.Origin("busybox-static", "1:1.35", "http://a/b.deb", "11"),
          new StoredFile(14_186_432, "ab".repeat(32)),
          new StoredFile(1_982_256, "cd".repeat(32)),
          Optional.of(new StoredFile(3_333_120, "ef".repeat(32))));

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void survivesWritingAndReading() throws IOException {
    assertThat(ImageManifest.fromJson(MANIFEST.toJson())).isEqualTo(MANIFEST);
  }

  @Test
  void readsThatOfAnImageWithoutDrivers() throws IOException {
    String text = new String(MANIFEST.toJson(), StandardCharsets.UTF_8);
    int comma = text.lastIndexOf(',', text.indexOf(ImageManifest.DRIVERS_FILE));
    int end = text.indexOf('}', comma) + 1;
    ImageManifest earlier =
        ImageManifest.fromJson(bytes(text.substring(0, comma) + text.substring(end)));
    assertThat(earlier.drivers()).isEmpty();
    assertThat(earlier.size()).isEqualTo(14_186_432 + 1_982_256);
    assertThat(MANIFEST.size()).isEqualTo(14_186_432 + 1_982_256 + 3_333_120);
    assertThatIOException()
        .as("half an entry is none that is missing")
        .isThrownBy(() -> ImageManifest.fromJson(bytes(text.replace("ef".repeat(32), "x"))));
  }

  @Test
  void ignoresFieldsOfLaterVersions() throws IOException {
    String json = new String(MANIFEST.toJson(), StandardCharsets.UTF_8);
    String later =
        json.replaceFirst("\\{", "{ \"new\": [1, {\"a\": {}}], \"more\": {\"x\": null},");
    assertThat(ImageManifest.fromJson(bytes(later))).isEqualTo(MANIFEST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "{", "{}", "{\"format\": 2}", "{\"format\": 1}", "x"})
  void refusesWhatIsNoManifest(String text) {
    assertThatIOException().isThrownBy(() -> ImageManifest.fromJson(bytes(text)));
  }

  @Test
  void refusesNonsenseInAField() {
    String json = new String(MANIFEST.toJson(), StandardCharsets.UTF_8);
    assertThatIOException()
        .isThrownBy(() -> ImageManifest.fromJson(bytes(json.replace("14186432", "-1"))));
    assertThatIOException()
        .isThrownBy(() -> ImageManifest.fromJson(bytes(json.replace("abab", "zzzz"))));
    assertThatIOException()
        .isThrownBy(() -> ImageManifest.fromJson(bytes(json.replace("2026-", "20-"))));
  }

  @Test
  void endsForAnyInput() {
    Mutations mutations = new Mutations(6);
    byte[] valid = MANIFEST.toJson();
    int read = 0;
    for (int i = 0; i < Mutations.iterations(20_000); i++) {
      try {
        read += ImageManifest.fromJson(mutations.of(valid)).name().length();
      } catch (IOException e) {
        assertThat(e).hasMessageStartingWith("it");
      }
    }
    assertThat(read).isPositive();
  }
}
