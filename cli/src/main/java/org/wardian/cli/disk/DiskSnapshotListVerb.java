package org.wardian.cli.disk;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.storage.operation.ImageSnapshots;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ward disk snapshot list}. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = "Lists the snapshots within an image.")
final class DiskSnapshotListVerb extends DiskAction {
  @Mixin private ImageOption open;
  @Mixin private JsonOption json;

  @Parameters(paramLabel = "FILE", description = "The image.")
  private Path file;

  @Override
  int act() throws IOException {
    ArrayNode list = Json.array();
    ImageSnapshots.list(file, open.reading(file))
        .forEach(each -> list.add(SnapshotTable.tree(each)));
    if (json.asked()) {
      Json.print(out(), list);
    } else {
      SnapshotTable.print(out(), list);
    }
    return ExitStatus.OK.code();
  }
}
