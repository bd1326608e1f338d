package org.wardian.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.wardian.boot.BootModule;
import org.wardian.boot.KernelFormatException;
import org.wardian.boot.KernelImage;
import org.wardian.boot.MultibootKernel;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.host.Terminal;

/**
 * What a guest is started from.
 *
 * @param kernel read, and known to be a kernel
 * @param initrd the initial RAM disk, or a multiboot module
 * @param commandLine the kernel's
 */
record GuestImages(KernelImage kernel, Optional<BootModule> initrd, String commandLine) {
  /** A kernel without it would boot and say nothing. */
  private static final String CONSOLE = "console=ttyS0";

  /** A panic resets at once; ward then knows that it was one, and leaves. */
  private static final String RESET_ON_PANIC = "panic=-1";

  /**
   * Fetches or reads what the request names.
   *
   * @param terminal whose size and kind the default guest is told, or empty
   * @throws Failure if something cannot be had; nothing has been started
   */
  static GuestImages of(RunRequest request, Optional<Terminal> terminal) {
    Optional<BootModule> initrd = request.initrd().map(GuestImages::readInitrd);
    return request.kernel().isPresent()
        ? own(request.kernel().get(), initrd, request.append())
        : fetched(request.guest(), initrd, request.append(), terminal);
  }

  private static GuestImages own(Path path, Optional<BootModule> initrd, Optional<String> append) {
    KernelImage kernel;
    try {
      kernel = KernelImage.read(path);
    } catch (KernelFormatException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, e.getMessage(), e);
    }
    if (kernel instanceof MultibootKernel) {
      // By custom the first word is the file's name, and the words behind it are for the kernel.
      String words = append.map(text -> " " + text).orElse("");
      return new GuestImages(kernel, initrd, path.getFileName() + words);
    }
    return new GuestImages(kernel, initrd, append.orElse(CONSOLE));
  }

  private static GuestImages fetched(
      String guest,
      Optional<BootModule> initrd,
      Optional<String> append,
      Optional<Terminal> terminal) {
    try {
      CachedImage image = ImageCache.open().ensure(guest, Progress.onStandardError());
      BootModule userLand =
          initrd.isPresent()
              ? initrd.get()
              : BootModule.initrd(DefaultInitramfs.build(image.busybox()));
      StringBuilder commandLine = new StringBuilder(CONSOLE + " " + RESET_ON_PANIC);
      terminal.ifPresent(it -> describe(it, commandLine));
      append.ifPresent(words -> commandLine.append(' ').append(words));
      return new GuestImages(
          KernelImage.parse(image.kernel()), Optional.of(userLand), commandLine.toString());
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    } catch (KernelFormatException e) {
      throw new Failure(
          ExitStatus.BAD_IMAGE, "the kernel of guest " + guest + ": " + e.getMessage(), e);
    }
  }

  private static void describe(Terminal terminal, StringBuilder commandLine) {
    Map<String, String> words =
        Map.of(
            DefaultInitramfs.ROWS_PARAMETER, Integer.toString(terminal.rows()),
            DefaultInitramfs.COLUMNS_PARAMETER, Integer.toString(terminal.columns()),
            DefaultInitramfs.TERMINAL_PARAMETER, System.getenv().getOrDefault("TERM", ""));
    words.forEach((name, value) -> {
      // What a kernel's parser would take apart is not worth quoting.
      if (value.matches("[\\w.+-]+")) {
        commandLine.append(' ').append(name).append('=').append(value);
      }
    });
  }

  private static BootModule readInitrd(Path path) {
    try {
      if (Files.isDirectory(path)) {
        throw new IOException("a directory; give a file");
      }
      if (Files.size(path) > KernelImage.MAX_SIZE) {
        throw new IOException("more than the " + (KernelImage.MAX_SIZE >> 20) + " MiB taken");
      }
      byte[] content = Files.readAllBytes(path);
      if (content.length == 0) {
        throw new IOException("empty file");
      }
      return BootModule.initrd(content);
    } catch (NoSuchFileException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, "initrd " + path + ": no such file", e);
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.BAD_IMAGE, "initrd " + path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
