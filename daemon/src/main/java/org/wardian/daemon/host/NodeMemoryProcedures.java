package org.wardian.daemon.host;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.NodeAllocPagesArgs;
import org.wardian.libvirt.wire.remote.NodeAllocPagesRet;
import org.wardian.libvirt.wire.remote.NodeGetCellsFreeMemoryArgs;
import org.wardian.libvirt.wire.remote.NodeGetCellsFreeMemoryRet;
import org.wardian.libvirt.wire.remote.NodeGetFreeMemoryRet;
import org.wardian.libvirt.wire.remote.NodeGetFreePagesArgs;
import org.wardian.libvirt.wire.remote.NodeGetFreePagesRet;
import org.wardian.libvirt.wire.remote.NodeGetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.NodeGetMemoryParametersRet;
import org.wardian.libvirt.wire.remote.NodeGetMemoryStats;
import org.wardian.libvirt.wire.remote.NodeGetMemoryStatsArgs;
import org.wardian.libvirt.wire.remote.NodeGetMemoryStatsRet;
import org.wardian.libvirt.wire.remote.NodeSetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** The host's memory: how much there is, its pages, how equal pages are merged. */
final class NodeMemoryProcedures implements HandlerFamily {
  private static final int ALL_CELLS = -1;

  private final HostMemory memory;

  NodeMemoryProcedures(HostFiles files) {
    memory = new HostMemory(files);
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.NODE_GET_MEMORY_STATS, this::stats);
    table.on(
        RemoteProgram.NODE_GET_FREE_MEMORY,
        (call, none) -> new NodeGetFreeMemoryRet(memory.sizes().getOrDefault("MemFree", 0L) << 10));
    table.on(RemoteProgram.NODE_GET_CELLS_FREE_MEMORY, this::cells);
    table.on(RemoteProgram.NODE_GET_FREE_PAGES, this::freePages);
    table.on(RemoteProgram.NODE_ALLOC_PAGES, this::allocate);
    table.on(RemoteProgram.NODE_GET_MEMORY_PARAMETERS, this::parameters);
    table.act(RemoteProgram.NODE_SET_MEMORY_PARAMETERS, this::setParameters);
  }

  private NodeGetMemoryStatsRet stats(Call call, NodeGetMemoryStatsArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    int cell = args.cellNum();
    if (cell != ALL_CELLS && !memory.hasNode(cell)) {
      throw Refusal.exactly(
          ErrorNumber.INVALID_ARG,
          ErrorDomain.NONE,
          "cellNum in virHostMemGetStats must be less than or equal to " + (memory.nodes() - 1));
    }
    Map<String, Long> sizes = cell == ALL_CELLS ? memory.sizes() : memory.sizes(cell);
    List<NodeGetMemoryStats> all = new ArrayList<>();
    all.add(new NodeGetMemoryStats("total", sizes.getOrDefault("MemTotal", 0L)));
    all.add(new NodeGetMemoryStats("free", sizes.getOrDefault("MemFree", 0L)));
    if (cell == ALL_CELLS) {
      all.add(new NodeGetMemoryStats("buffers", sizes.getOrDefault("Buffers", 0L)));
      all.add(new NodeGetMemoryStats("cached", sizes.getOrDefault("Cached", 0L)));
    }
    if (args.nparams() != 0 && args.nparams() != all.size()) {
      throw Refusal.exactly(
          ErrorNumber.INVALID_ARG,
          ErrorDomain.NONE,
          "nparams in virHostMemGetStatsLinux must be " + all.size());
    }
    return new NodeGetMemoryStatsRet(args.nparams() == 0 ? List.of() : all, all.size());
  }

  private int checkedStart(int start) throws LibvirtException {
    if (start < 0 || start >= memory.nodes()) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR,
          ErrorDomain.NONE,
          "start cell " + start + " out of range (0-" + (memory.nodes() - 1) + ")");
    }
    return start;
  }

  private NodeGetCellsFreeMemoryRet cells(Call call, NodeGetCellsFreeMemoryArgs args)
      throws LibvirtException {
    int first = checkedStart(args.startCell());
    long count = Math.min(Math.max(args.maxcells(), 0), memory.nodes() - first);
    long[] free = new long[(int) count];
    for (int i = 0; i < free.length; i++) {
      free[i] = memory.sizes(first + i).getOrDefault("MemFree", 0L) << 10;
    }
    return new NodeGetCellsFreeMemoryRet(free);
  }

  private NodeGetFreePagesRet freePages(Call call, NodeGetFreePagesArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    int first = checkedStart(args.startCell());
    int cells = Math.min(args.cellCount(), memory.nodes() - first);
    long[] counts = new long[Math.max(cells, 0) * args.pages().length];
    int at = 0;
    for (int cell = first; cell < first + cells; cell++) {
      for (int kib : args.pages()) {
        requirePages(cell, kib);
        counts[at++] = memory.freePages(cell, kib);
      }
    }
    return new NodeGetFreePagesRet(counts);
  }

  private void requirePages(int cell, int kib) throws LibvirtException {
    if (!memory.hasPages(cell, kib)) {
      throw new LibvirtException(
          ErrorNumber.OPERATION_FAILED,
          ErrorDomain.NONE,
          "page size " + Integer.toUnsignedString(kib) + " is not available on node " + cell);
    }
  }

  private NodeAllocPagesRet allocate(Call call, NodeAllocPagesArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 1);
    // Without a cell, virsh says -1: all of them.
    boolean everywhere = args.startCell() == -1;
    int first = everywhere ? 0 : checkedStart(args.startCell());
    int cells = everywhere ? memory.nodes() : Math.min(args.cellCount(), memory.nodes() - first);
    if (args.pageSizes().length != args.pageCounts().length) {
      throw new LibvirtException(
          ErrorNumber.INVALID_ARG, ErrorDomain.NONE, "a count is needed for each size of page");
    }
    int done = 0;
    for (int cell = first; cell < first + cells; cell++) {
      for (int i = 0; i < args.pageSizes().length; i++) {
        int kib = args.pageSizes()[i];
        requirePages(cell, kib);
        if (kib == HostMemory.PAGE_KIB) {
          throw new LibvirtException(
              ErrorNumber.OPERATION_UNSUPPORTED,
              ErrorDomain.NONE,
              "system pages pool can't be modified");
        }
        try {
          memory.allocate(cell, kib, args.pageCounts()[i], args.flags() == 0);
          done++;
        } catch (IOException e) {
          throw Refusal.system("Unable to allocate pages of " + kib + " KiB: " + e.getMessage(), e);
        }
      }
    }
    return new NodeAllocPagesRet(done);
  }

  private NodeGetMemoryParametersRet parameters(Call call, NodeGetMemoryParametersArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), TypedParams.STRING_OKAY);
    TypedParams params = new TypedParams();
    memory
        .merged()
        .forEach((name, value) -> {
          switch (name) {
            case "shm_pages_to_scan", "shm_sleep_millisecs", "shm_merge_across_nodes" ->
                params.uint32(name, (int) (long) value);
            default -> params.uint64(name, value);
          }
        });
    return new NodeGetMemoryParametersRet(
        params.page(args.nparams(), args.flags()), params.count(args.flags()));
  }

  private void setParameters(Call call, NodeSetMemoryParametersArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    ParamReader params =
        ParamReader.of(
            args.params(),
            Map.of(
                "shm_pages_to_scan", ParamReader.Kind.UINT,
                "shm_sleep_millisecs", ParamReader.Kind.UINT,
                "shm_merge_across_nodes", ParamReader.Kind.UINT));
    for (String name : params.fields()) {
      if (!memory.hasMerging(name)) {
        throw Refusal.exactly(
            ErrorNumber.OPERATION_INVALID,
            ErrorDomain.NONE,
            "Requested operation is not valid: Parameter '"
                + name
                + "' is not supported by this kernel");
      }
    }
    for (String name : params.fields()) {
      try {
        memory.setMerging(name, params.number(name).orElseThrow());
      } catch (IOException e) {
        // What libvirt says, whatever the kernel's reason is.
        throw new LibvirtException(
            ErrorNumber.SYSTEM_ERROR,
            ErrorDomain.NONE,
            "failed to set " + name + ": Operation not permitted",
            e);
      }
    }
  }
}
