package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.wardian.cli.Json;
import org.wardian.storage.qcow2.Snapshot;

/** Snapshots within an image, as trees and as a table. */
final class SnapshotTable {
  private static final String ROW = "%-5s %-24s %-20s %12s %12s%n";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  private SnapshotTable() {}

  static ObjectNode tree(Snapshot snapshot) {
    return Json.object()
        .put("id", snapshot.id())
        .put("name", snapshot.name())
        .put("taken", snapshot.taken().toString())
        .put("guestSeconds", snapshot.guestTime().toMillis() / 1000.0)
        .put("stateSize", snapshot.stateSize())
        .put("virtualSize", snapshot.diskSize());
  }

  /** Prints a list of trees. */
  static void print(PrintWriter out, JsonNode snapshots) {
    out.printf(ROW, "ID", "NAME", "TAKEN", "RAN FOR", "MEMORY");
    for (JsonNode each : snapshots) {
      Instant taken = Instant.parse(each.get("taken").asText());
      Duration ran = Duration.ofMillis((long) (each.get("guestSeconds").asDouble() * 1000));
      long state = each.get("stateSize").asLong();
      out.printf(
          ROW,
          each.get("id").asText(),
          // Names come from the image: none of them may move the cursor.
          each.get("name").asText().replaceAll("\\p{Cntrl}", "?"),
          TIME.format(taken.atZone(ZoneId.systemDefault())),
          String.format(
              Locale.ROOT, "%d:%02d:%02d", ran.toHours(), ran.toMinutesPart(), ran.toSecondsPart()),
          state == 0 ? "-" : DiskSize.text(state));
    }
  }
}
