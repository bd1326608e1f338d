package org.wardian.host.kvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import org.wardian.host.Errno;
import org.wardian.host.HostException;
import org.wardian.host.HostProcessor;

/** What the kernel's refusals mean, and what the user can do. */
final class Failure {
  private static final String OTHER_HYPERVISOR =
      "the processor's virtualization extension is taken by another hypervisor (VirtualBox,"
          + " VMware), or switched off in the firmware: stop the other one, or see dmesg for kvm";
  private static final String MEMORY = "the kernel has no memory left: give the host more";
  private static final String FILES = "raise the limit of open files (ulimit -n)";

  private Failure() {}

  /** The device could not be opened. */
  static HostException ofOpen(Path device, int errno) {
    String remedy =
        switch (errno) {
          case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO -> missing();
          case Errno.EACCES -> permission(device);
          case Errno.EPERM ->
              "a container or sandbox forbids it: hand the device in (docker run --device "
                  + device
                  + ")";
          case Errno.EBUSY -> OTHER_HYPERVISOR;
          case Errno.EMFILE -> FILES;
          default -> "";
        };
    return HostException.ofCall("open", device.toString(), errno, remedy);
  }

  private static String missing() {
    HostProcessor processor = HostProcessor.current();
    String module =
        switch (processor.vendor()) {
          case "GenuineIntel" -> "kvm_intel";
          case "AuthenticAMD", "HygonGenuine" -> "kvm_amd";
          default -> "kvm_intel or kvm_amd";
        };
    if (!processor.has("vmx") && !processor.has("svm")) {
      return "the processor shows no virtualization extension (vmx or svm): switch it on in the"
          + " firmware, or, inside a virtual machine, let the host offer nested virtualization;"
          + " then load the module "
          + module;
    }
    return "load the module: sudo modprobe " + module;
  }

  private static String permission(Path device) {
    try {
      PosixFileAttributes attributes = Files.readAttributes(device, PosixFileAttributes.class);
      String group = attributes.group().getName();
      String user = System.getProperty("user.name", "$USER");
      if (group.equals("root")) {
        return "the device belongs to root alone: sudo chgrp kvm "
            + device
            + " && sudo chmod 660 "
            + device
            + ", then sudo usermod -aG kvm "
            + user
            + " and log in again";
      }
      return "the device belongs to the group "
          + group
          + ": sudo usermod -aG "
          + group
          + " "
          + user
          + ", then log in again";
    } catch (IOException | UnsupportedOperationException e) {
      return "ask the administrator for access to " + device;
    }
  }

  /** A request failed. */
  static HostException of(Request request, String argument, int errno, String remedy) {
    return HostException.ofCall(request.header(), argument, errno, remedy);
  }

  /** A request failed in a way that needs no words of its own. */
  static HostException of(Request request, String argument, int errno) {
    return of(request, argument, errno, general(errno));
  }

  private static String general(int errno) {
    return switch (errno) {
      case Errno.ENOMEM -> MEMORY;
      case Errno.EMFILE -> FILES;
      case Errno.EIO -> "the VM belongs to another process, or KVM declared it dead: see dmesg";
      case Errno.ENODEV -> "the VM is dead or its module was removed: see dmesg";
      case Errno.ENXIO -> "the interrupt chips are not where the call expects them";
      default -> "";
    };
  }

  static HostException ofCreateVm(int errno) {
    String remedy =
        switch (errno) {
          case Errno.EBUSY, Errno.ENODEV, Errno.EOPNOTSUPP, Errno.EIO -> OTHER_HYPERVISOR;
          default -> general(errno);
        };
    return of(Request.CREATE_VM, "type 0", errno, remedy);
  }

  static HostException ofCreateCpu(int id, int made, int most, int largestId, int errno) {
    String remedy =
        switch (errno) {
          case Errno.EINVAL ->
              id >= largestId
                  ? "identifiers go up to " + (largestId - 1)
                  : "this VM has "
                      + made
                      + " vCPUs, and this kernel allows at most "
                      + most
                      + " in one VM";
          case Errno.EEXIST -> "there is a vCPU with this identifier";
          default -> general(errno);
        };
    return of(Request.CREATE_VCPU, "vCPU " + id, errno, remedy);
  }

  static HostException ofRegion(int slots, boolean readOnlyKnown, String region, int errno) {
    String remedy =
        switch (errno) {
          case Errno.EINVAL ->
              "addresses and size must be multiples of 4096, the slot below "
                  + slots
                  + ", the host's memory mapped, a slot in use may only be deleted, moved, or have"
                  + " its dirty log switched"
                  + (readOnlyKnown ? "" : ", and this kernel knows no read-only memory");
          case Errno.EEXIST -> "it overlaps another slot";
          case Errno.E2BIG -> "the size of the region or of all regions is beyond KVM's limit";
          default -> general(errno);
        };
    return of(Request.SET_USER_MEMORY_REGION, region, errno, remedy);
  }

  static HostException ofRun(int id, int errno, String fault) {
    String remedy =
        switch (errno) {
          case Errno.EFAULT ->
              "host memory of the guest cannot be had"
                  + fault
                  + ": the file or mapping behind it is shorter than its slot, or gone";
          case Errno.EIO ->
              "the VM is dead, or belongs to another process (a vCPU runs only in the process that"
                  + " made it): see dmesg";
          case Errno.ENODEV -> "the VM is dead or its module was removed: see dmesg";
          case Errno.ENOMEM -> MEMORY;
          case Errno.EINVAL ->
              "the state that was set for the vCPU does not fit together (segments, CR0, CR4, EFER,"
                  + " or fields of the run page)";
          case Errno.EPERM -> "a security module of the kernel forbids it";
          default -> general(errno);
        };
    return of(Request.RUN, "vCPU " + id, errno, remedy);
  }
}
