package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.wardian.display.Screen;
import org.wardian.display.Screenshot;
import org.wardian.display.vnc.VncAddress;
import org.wardian.display.vnc.VncServer;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/** The display: pictures of it, and who shows it. */
final class DisplayCommands {
  private final ScreenServer screen;

  DisplayCommands(ScreenServer screen) {
    this.screen = screen;
  }

  void addTo(CommandTable table) {
    table.add(
        "screendump",
        List.of(
            required("filename", ParameterType.STRING),
            optional("device", ParameterType.STRING),
            optional("head", ParameterType.INTEGER),
            optional("format", ParameterType.STRING)),
        this::dump);
    table.add(
        "set_password",
        List.of(
            required("protocol", ParameterType.STRING),
            required("password", ParameterType.STRING),
            optional("connected", ParameterType.STRING),
            optional("display", ParameterType.STRING)),
        this::setPassword);
    table.add(
        "expire_password",
        List.of(
            required("protocol", ParameterType.STRING),
            required("time", ParameterType.STRING),
            optional("display", ParameterType.STRING)),
        this::expirePassword);
    table.add("query-vnc", List.of(), arguments -> vnc());
    table.add("query-vnc-servers", List.of(), arguments -> servers());
  }

  private JsonNode dump(Arguments arguments) throws QmpException {
    Screen shown =
        screen
            .screen()
            .orElseThrow(() -> new QmpException("There is no console to take a screendump from"));
    if (arguments.optionalInteger("head").orElse(0) != 0) {
      throw new QmpException("There is no head " + arguments.integer("head"));
    }
    String format = arguments.optionalString("format").orElse("ppm");
    Path file = Path.of(arguments.string("filename"));
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      Screenshot picture = Screenshot.of(shown);
      switch (format) {
        case "ppm" -> writePpm(picture, out);
        case "png" -> picture.writePng(out);
        default ->
            throw new QmpException("Parameter 'format' does not accept value '" + format + "'");
      }
    } catch (IOException e) {
      String reason =
          e instanceof NoSuchFileException ? "No such file or directory" : e.getMessage();
      throw new QmpException("failed to open file '" + file + "': " + reason);
    }
    return Arguments.none();
  }

  /** A portable pixmap, binary (P6). */
  private static void writePpm(Screenshot picture, OutputStream out) throws IOException {
    String header = "P6\n" + picture.width() + " " + picture.height() + "\n255\n";
    out.write(header.getBytes(StandardCharsets.US_ASCII));
    byte[] row = new byte[3 * picture.width()];
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        int pixel = picture.pixels()[y * picture.width() + x];
        row[3 * x] = (byte) (pixel >> 16);
        row[3 * x + 1] = (byte) (pixel >> 8);
        row[3 * x + 2] = (byte) pixel;
      }
      out.write(row);
    }
  }

  private static void requireVnc(Arguments arguments) throws QmpException {
    String protocol = arguments.string("protocol");
    if (!protocol.equals("vnc")) {
      throw new QmpException("Parameter 'protocol' does not accept value '" + protocol + "'");
    }
  }

  private JsonNode setPassword(Arguments arguments) throws QmpException {
    requireVnc(arguments);
    if (!arguments.optionalString("connected").orElse("keep").equals("keep")) {
      throw new QmpException("parameter 'connected' must be 'keep' when 'protocol' is 'vnc'");
    }
    try {
      screen.setPassword(arguments.string("password"));
    } catch (IllegalStateException e) {
      throw new QmpException("Could not set password");
    } catch (IllegalArgumentException e) {
      throw new QmpException("Could not set password: " + e.getMessage());
    }
    return Arguments.none();
  }

  private JsonNode expirePassword(Arguments arguments) throws QmpException {
    requireVnc(arguments);
    String time = arguments.string("time");
    try {
      screen.setEnd(
          switch (time) {
            case "never" -> Optional.empty();
            case "now" -> Optional.of(Instant.now());
            default ->
                Optional.of(
                    time.startsWith("+")
                        ? Instant.now().plusSeconds(Long.parseLong(time.substring(1)))
                        : Instant.ofEpochSecond(Long.parseLong(time)));
          });
    } catch (IllegalStateException e) {
      throw new QmpException("Could not set password expire time");
    } catch (NumberFormatException | DateTimeException | ArithmeticException e) {
      throw new QmpException(
          "Parameter 'time' expects 'now', 'never', seconds since 1970, or '+' and seconds");
    }
    return Arguments.none();
  }

  private JsonNode vnc() {
    if (screen.server().isEmpty()) {
      return Replies.object().put("enabled", false);
    }
    ObjectNode vnc = Replies.object().put("enabled", true);
    address(vnc, screen.server().get()).put("auth", auth());
    vnc.putArray("clients");
    return vnc;
  }

  private String auth() {
    return screen.hasPassword() ? "vnc" : "none";
  }

  private static ObjectNode address(ObjectNode node, VncServer server) {
    return switch (server.address()) {
      case VncAddress.Tcp tcp ->
          node.put("family", tcp.host().contains(":") ? "ipv6" : "ipv4")
              .put("service", Integer.toString(tcp.port()))
              .put("host", tcp.host());
      case VncAddress.Unix unix ->
          node.put("family", "unix").put("service", unix.path().toString()).put("host", "");
    };
  }

  private JsonNode servers() {
    ArrayNode servers = Replies.list();
    if (screen.server().isPresent()) {
      ObjectNode entry = servers.addObject().put("id", "default").put("auth", auth());
      address(entry.putArray("server").addObject(), screen.server().get())
          .put("websocket", false)
          .put("auth", auth());
      entry.putArray("clients");
    }
    return servers;
  }
}
