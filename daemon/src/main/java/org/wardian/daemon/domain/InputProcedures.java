package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainScreenshotArgs;
import org.wardian.libvirt.wire.remote.DomainScreenshotRet;
import org.wardian.libvirt.wire.remote.DomainSendKeyArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a person would do at the machine: press keys, look at the screen. */
final class InputProcedures extends DomainProcedures {
  /** Keys of one call. */
  private static final int MOST_KEYS = 16;

  private static final int BLOCK = 64 << 10;

  InputProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_SEND_KEY, this::sendKey);
    handlers.act(
        RemoteProgram.DOMAIN_INJECT_NMI,
        (call, args) -> {
          call.checkFlags(args.flags(), 0);
          find(args.dom()).running().execute("inject-nmi");
        });
    handlers.on(RemoteProgram.DOMAIN_SCREENSHOT, this::screenshot);
  }

  private void sendKey(Call call, DomainSendKeyArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    if (args.keycodes().length > MOST_KEYS) {
      throw Refusal.badArgument("at most " + MOST_KEYS + " keys are pressed at once");
    }
    Machine machine = find(args.dom()).running();
    ObjectNode arguments = Machine.arguments();
    ArrayNode keys = arguments.putArray("keys");
    for (int code : args.keycodes()) {
      keys.addObject().put("type", "number").put("data", KeyNumbers.qnum(args.codeset(), code));
    }
    if (args.holdtime() != 0) {
      arguments.put("hold-time", Integer.toUnsignedLong(args.holdtime()));
    }
    machine.execute("send-key", arguments);
  }

  private DomainScreenshotRet screenshot(Call call, DomainScreenshotArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    Domain domain = find(args.dom());
    Machine machine = domain.running();
    int videos = domain.facts().document().videos().size();
    if (videos == 0) {
      throw Refusal.notSupported("no screens to take screenshot from");
    }
    if (args.screen() != 0) {
      throw Refusal.badArgument(
          "only screen 0 exists, and not screen " + Integer.toUnsignedString(args.screen()));
    }
    Path file = machine.folder().resolve("screen-" + System.nanoTime() + ".png");
    machine.execute(
        "screendump", Machine.arguments().put("filename", file.toString()).put("format", "png"));
    call.openStream(stream -> {
      try (InputStream in = Files.newInputStream(file)) {
        byte[] block = new byte[BLOCK];
        int length;
        while ((length = in.read(block)) > 0) {
          stream.send(block, 0, length);
        }
      } finally {
        Files.deleteIfExists(file);
      }
    });
    return new DomainScreenshotRet("image/png");
  }

  /** A file of the machine, to be removed. */
  static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // It goes with the machine's folder.
    }
  }
}
