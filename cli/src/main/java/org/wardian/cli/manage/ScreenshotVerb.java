package org.wardian.cli.manage;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Json;
import org.wardian.cli.JsonOption;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.error.LibvirtException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ward screenshot}. */
@Command(
    name = "screenshot",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a picture of a machine's screen to a file. The daemon chooses its format, which is"
          + " told: PNG, or PPM from older ones.",
      "",
      "  ward screenshot web screen.png",
      "  ward screenshot web - | display -",
      ""
    })
final class ScreenshotVerb extends ManageAction {
  /** More than any screen's picture has. */
  private static final long MOST = 1L << 30;

  @Option(
      names = "--screen",
      paramLabel = "N",
      description = "Which of its screens; 0 is the first.",
      defaultValue = "0")
  private int screen;

  @Mixin private JsonOption json;

  @Parameters(index = "0", paramLabel = "NAME", description = "Name, UUID or id of the machine.")
  private String name;

  @Parameters(index = "1", paramLabel = "FILE", description = "The file; - is standard output.")
  private Path file;

  @Override
  int act(Connection connection) throws LibvirtException, IOException {
    Domain domain = Lookup.domain(connection, name);
    Domain.Screenshot picture = domain.screenshot(screen);
    boolean standard = file.toString().equals("-");
    long bytes;
    try (InputStream in = picture.content().asInput();
        OutputStream out =
            standard ? new FileOutputStream(FileDescriptor.out) : Files.newOutputStream(file)) {
      bytes = copy(in, out);
      picture.content().finish();
    }
    if (json.asked()) {
      print(
          Json.object()
              .put("name", domain.name())
              .put("file", file.toString())
              .put("type", picture.type())
              .put("bytes", bytes));
    } else if (!standard) {
      out().println(file + ": " + Cells.plain(picture.type()) + ", " + bytes + " bytes");
    }
    return ExitStatus.OK.code();
  }

  private static long copy(InputStream in, OutputStream out) throws IOException {
    byte[] chunk = new byte[1 << 16];
    long total = 0;
    for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
      total += length;
      if (total > MOST) {
        throw new IOException("the daemon sends more than a picture can have");
      }
      out.write(chunk, 0, length);
    }
    return total;
  }
}
