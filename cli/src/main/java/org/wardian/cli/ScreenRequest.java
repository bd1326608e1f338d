package org.wardian.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.wardian.display.PointerReceiver;
import org.wardian.display.Screen;
import org.wardian.display.Screenshot;
import org.wardian.display.vnc.VncAddress;
import org.wardian.display.vnc.VncOptions;
import org.wardian.display.vnc.VncPassword;
import org.wardian.display.vnc.VncServer;
import org.wardian.display.vnc.VncTls;
import org.wardian.machine.Machine;

/**
 * How the guest's display is shown.
 *
 * @param vnc where viewers connect, or empty for none
 * @param screenshot file that takes the display's last picture, or empty
 */
record ScreenRequest(Optional<VncArgument> vnc, Optional<Path> screenshot) {
  /** No display. */
  static final ScreenRequest NONE = new ScreenRequest(Optional.empty(), Optional.empty());

  private static final String KNOWN = "password-file=FILE, certificate=FILE with key=FILE";

  /**
   * One {@code --vnc}.
   *
   * @param address where the server listens
   * @param passwordFile whose first line is the password
   * @param certificate PEM file of the server's certificate, for TLS
   * @param key PEM file of its key
   */
  record VncArgument(
      VncAddress address,
      Optional<Path> passwordFile,
      Optional<Path> certificate,
      Optional<Path> key) {
    /**
     * Reads {@code ADDRESS[,password-file=FILE,certificate=FILE,key=FILE]}.
     *
     * @throws IllegalArgumentException for what makes no sense, with what would
     */
    static VncArgument parse(String text) {
      OptionText words = OptionText.parse("--vnc", text);
      VncArgument vnc =
          new VncArgument(
              VncAddress.parse(words.head()),
              words.take("password-file").map(Path::of),
              words.take("certificate").map(Path::of),
              words.take("key").map(Path::of));
      words.end(KNOWN);
      if (vnc.certificate.isPresent() != vnc.key.isPresent()) {
        throw new IllegalArgumentException("--vnc: certificate and key come together");
      }
      return vnc;
    }
  }

  /** Whether the machine needs a display. */
  boolean wantsDisplay() {
    return vnc.isPresent() || screenshot.isPresent();
  }

  /**
   * Serves the machine's display until the result is closed.
   *
   * @param pointer what viewers point with
   * @throws Failure where the server cannot be had
   */
  Optional<VncServer> serve(Machine machine, PointerReceiver pointer) {
    return vnc.map(argument -> serve(argument, machine, pointer));
  }

  private static VncServer serve(VncArgument argument, Machine machine, PointerReceiver pointer) {
    try {
      VncOptions options = VncOptions.at(argument.address()).withName("Wardian");
      if (argument.passwordFile().isPresent()) {
        String text = Files.readString(argument.passwordFile().get());
        options = options.withPassword(VncPassword.of(text.lines().findFirst().orElse("")));
      }
      if (argument.certificate().isPresent()) {
        options =
            options.withTls(VncTls.pem(argument.certificate().get(), argument.key().orElseThrow()));
      }
      Screen screen = machine.screen().orElseThrow();
      return VncServer.listen(options, screen, machine.keys(), pointer);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, "--vnc: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new Failure(ExitStatus.UNAVAILABLE, "--vnc: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the picture that was asked for.
   *
   * @throws Failure where the file cannot be written
   */
  void photograph(Machine machine) {
    if (screenshot.isEmpty()) {
      return;
    }
    try (OutputStream out = Files.newOutputStream(screenshot.get())) {
      Screenshot.of(machine.screen().orElseThrow()).writePng(out);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.STORAGE,
          "screenshot " + screenshot.get() + " cannot be written: " + e.getMessage(),
          e);
    }
  }
}
