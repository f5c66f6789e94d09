// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

/// The lowered plan: what `lib/linux` writes and the helper interprets. Flat and self-contained:
/// offsets, no pointers.
///
/// A memfd holds both halves. First the `SharedPage` and the trace, mapped shared by caller and
/// helper; then, from `SharedPage::program_offset`, the `ProgramHeader`, the ops one after the
/// other, and the data they point to. Every `Text` is an offset from the start of the header to a
/// NUL-terminated string; 0 means none.
namespace insula::program {

using Text = uint32_t;

inline constexpr uint32_t magic = 0x6c736e69;  // "insl"
inline constexpr uint32_t page_size = 4096;
inline constexpr uint32_t kernel_text_size = 256;
/// Descriptors that one message of the control socket may carry (SCM_MAX_FD is 253).
inline constexpr uint32_t batch_size = 200;
inline constexpr int control_fd = 3;
inline constexpr int program_fd = 4;
inline constexpr int first_passed_fd = 5;

/// The calls that a report can name. `lib/linux/call_name.cpp` spells them.
enum class Call : uint16_t {
    none,
    capget,
    capset,
    chdir,
    chroot,
    clone,
    close,
    connect,
    dup3,
    execve,
    fchdir,
    fchmod,
    fchown,
    fcntl,
    fsconfig,
    fsmount,
    fsopen,
    fstat,
    ioctl,
    keep_capabilities,
    mkdirat,
    mknodat,
    mmap,
    mount,
    mount_setattr,
    move_mount,
    no_new_privs,
    open,
    open_tree,
    openat2,
    pivot_root,
    read,
    recvmsg,
    drop_bounding,
    raise_ambient,
    setgroups,
    sethostname,
    setresgid,
    setresuid,
    setsid,
    socket,
    symlinkat,
    umount2,
    look_up_user,
    look_up_group,
    count_,
};

/// What a failed call was doing, where one call serves several purposes.
enum class Detail : uint16_t {
    none,
    source,         ///< opening or cloning the source
    target,         ///< finding or making the target
    attach,         ///< putting the mount in place
    attributes,     ///< setting flags or propagation
    interpreter,    ///< execve found the file, so what it names as interpreter is missing
    directory,      ///< the file is a directory
    dangling_link,  ///< a component of the target is a symbolic link to nothing
    not_a_device,   ///< the null device is not one
    not_a_file,     ///< the user database is not a regular file
    too_big,        ///< the user database is over its limit
    too_many_groups,
    count_,
};

enum class State : uint32_t {
    preparing,  ///< by the caller, or in stage 1
    running,    ///< the helper interprets
    executing,  ///< about to execute init
    failed,     ///< `report` says why
};

/// Why the helper gave up.
struct Report {
    int32_t op = -1;  ///< index of the plan's op, -1 before the first
    int32_t error = 0;
    Call call = Call::none;
    Detail detail = Detail::none;
    char kernel_text[kernel_text_size] = {};
};

/// Shared by caller and helper until init runs.
struct SharedPage {
    uint32_t state = 0;  ///< a `State`, accessed atomically
    uint32_t trace_count = 0;
    uint32_t program_offset = 0;  ///< a multiple of the page size; the trace lies before it
    uint32_t program_size = 0;
    int32_t init_status = -1;  ///< of wait4(2), written by the reaper; -1 until then
    Report report;
};
static_assert(sizeof(SharedPage) < page_size / 2);

/// One op that ran; `SharedPage::trace_count` of them follow the shared page's first half.
struct TraceEntry {
    int32_t op = -1;
    int32_t error = 0;
    int64_t nanoseconds = 0;
};
inline constexpr uint32_t trace_offset = page_size / 2;

struct ProgramHeader {
    uint32_t magic_number = magic;
    uint32_t op_count = 0;
    uint32_t ops = 0;           ///< offset of the first op
    uint32_t source_count = 0;  ///< mounts that the caller sends over the control socket, in order
    uint32_t passed_fds = 0;
    uint32_t trace = 0;  ///< 1: measure each op
};

enum class OpCode : uint16_t {
    become_root,
    make_private,
    take_source,
    scratch,
    root_bind,
    root_filesystem,
    root_overlay,
    bind,
    guest_bind,
    overlay,
    filesystem,
    directory,
    device,
    symlink,
    mask,
    protect,
    unprotect,
    seal_root,
    enter_root,
    hostname,
    loopback,
    identity,
    capabilities,
    no_new_privs,
    change_directory,
    exec,
};

/// What every op begins with. `size` is a multiple of 8.
struct OpHeader {
    OpCode code;
    uint16_t size;
    int32_t plan_op;  ///< index into `ContainerPlan::ops`
};

/// Attributes of a mount, in the kernel's values (MOUNT_ATTR_*).
struct MountAttributes {
    uint32_t set = 0;
    uint32_t clear = 0;
    uint32_t recursive = 0;  ///< 1: with the mounts below
    uint32_t reserved = 0;
};

/// Becomes user and group 0 of the new user namespace, as far as they are mapped. Where they are
/// not, the only ids that are mapped are the caller's own, which this process has.
struct BecomeRoot {
    static constexpr auto op_code = OpCode::become_root;
    OpHeader header;
    uint32_t drop_groups;  ///< 1: setgroups(0)
    uint32_t set_group;    ///< 1: setresgid to 0
    uint32_t set_user;     ///< 1: setresuid to 0
    uint32_t reserved;
};

/// Cuts the copied mounts off from the host's propagation.
struct MakePrivate {
    static constexpr auto op_code = OpCode::make_private;
    OpHeader header;
};

/// Clones a mount from a path of the copied host tree into the next source slot.
struct TakeSource {
    static constexpr auto op_code = OpCode::take_source;
    OpHeader header;
    Text path;
    uint32_t slot;
    MountAttributes attributes;
    uint32_t writable_root;  ///< 1: the attribute read-only holds below the first mount only, until
                             ///< `seal_root`
    uint32_t reserved;
};

/// A path inside the root. Missing parts are made where the op makes something there.
struct GuestTarget {
    Text path;
    /// 1: refuse symbolic links. Set for /dev, /proc, /sys and what lies below: a root tree that
    /// has a link there is hostile (CVE-2019-19921, CVE-2023-27561).
    uint32_t no_symlinks;
};

struct RootBind {
    static constexpr auto op_code = OpCode::root_bind;
    OpHeader header;
    uint32_t slot;
    uint32_t reserved;
};

/// One "name[=value]" of a new file system.
struct Option {
    Text name;
    Text value;
};

struct NewFilesystem {
    Text type;
    uint32_t attributes;
    uint32_t options;  ///< offset of `option_count` times `Option`
    uint32_t option_count;
};

struct RootFilesystem {
    static constexpr auto op_code = OpCode::root_filesystem;
    OpHeader header;
    NewFilesystem filesystem;
};

/// Lower layer, and the number of the upper one on the throw-away tmpfs.
struct Layers {
    Text lower;
    Text lower_option;  ///< the same, escaped for the mount option
    uint32_t number;
    uint32_t user_attributes;  ///< 1: in a user namespace ("userxattr")
};

/// Makes the tmpfs for the upper layers of overlays.
struct Scratch {
    static constexpr auto op_code = OpCode::scratch;
    OpHeader header;
};

struct RootOverlay {
    static constexpr auto op_code = OpCode::root_overlay;
    OpHeader header;
    Layers layers;
};

struct Bind {
    static constexpr auto op_code = OpCode::bind;
    OpHeader header;
    GuestTarget target;
    uint32_t slot;
    uint32_t reserved;
};

struct GuestBind {
    static constexpr auto op_code = OpCode::guest_bind;
    OpHeader header;
    GuestTarget source;
    GuestTarget target;
    MountAttributes attributes;
};

struct Overlay {
    static constexpr auto op_code = OpCode::overlay;
    OpHeader header;
    Layers layers;
    GuestTarget target;
};

struct Filesystem {
    static constexpr auto op_code = OpCode::filesystem;
    OpHeader header;
    NewFilesystem filesystem;
    GuestTarget target;
};

/// A name in a directory that is made where it is missing.
struct NewEntry {
    GuestTarget parent;
    Text name;
    uint32_t reserved;
};

struct Directory {
    static constexpr auto op_code = OpCode::directory;
    OpHeader header;
    NewEntry entry;
    uint32_t mode;
    uint32_t reserved;
};

struct Device {
    static constexpr auto op_code = OpCode::device;
    OpHeader header;
    NewEntry entry;
    uint32_t mode;
    uint32_t device;
};

struct Symlink {
    static constexpr auto op_code = OpCode::symlink;
    OpHeader header;
    NewEntry entry;
    Text target;
    uint32_t reserved;
};

struct Mask {
    static constexpr auto op_code = OpCode::mask;
    OpHeader header;
    GuestTarget path;
};

struct Protect {
    static constexpr auto op_code = OpCode::protect;
    OpHeader header;
    GuestTarget path;
};

struct Unprotect {
    static constexpr auto op_code = OpCode::unprotect;
    OpHeader header;
    GuestTarget path;
};

struct SealRoot {
    static constexpr auto op_code = OpCode::seal_root;
    OpHeader header;
};

struct EnterRoot {
    static constexpr auto op_code = OpCode::enter_root;
    OpHeader header;
};

struct Hostname {
    static constexpr auto op_code = OpCode::hostname;
    OpHeader header;
    Text name;
    uint32_t length;
};

struct Loopback {
    static constexpr auto op_code = OpCode::loopback;
    OpHeader header;
};

/// A user or group: a number, or a name to be looked up inside.
struct Principal {
    Text name;  ///< 0: `id` holds
    uint32_t id;
};

struct Identity {
    static constexpr auto op_code = OpCode::identity;
    OpHeader header;
    Principal user;
    Principal group;
    uint32_t default_group;  ///< 1: `group` is the user's own
    uint32_t set_groups;     ///< 1: replace the supplementary groups
};

struct Capabilities {
    static constexpr auto op_code = OpCode::capabilities;
    OpHeader header;
    uint64_t bounding;
    uint64_t permitted;
    uint64_t inheritable;
    uint64_t ambient;
};

struct NoNewPrivs {
    static constexpr auto op_code = OpCode::no_new_privs;
    OpHeader header;
};

struct ChangeDirectory {
    static constexpr auto op_code = OpCode::change_directory;
    OpHeader header;
    Text path;
    uint32_t reserved;
};

struct Exec {
    static constexpr auto op_code = OpCode::exec;
    OpHeader header;
    Text path;
    uint32_t
        argv;  ///< offset of uint64_t offsets, 0-terminated; the helper turns them into pointers
    uint32_t environment;  ///< the same
    uint32_t reaper;       ///< 1: stay as process 1
};

/// Reads a Program that lies at `base`.
class View {
public:
    explicit View(char* base) noexcept : base_(base) {}

    [[nodiscard]] const ProgramHeader& header() const noexcept {
        return *reinterpret_cast<const ProgramHeader*>(base_);
    }
    [[nodiscard]] const char* text(Text offset) const noexcept { return base_ + offset; }
    template <class T>
    [[nodiscard]] T* array(uint32_t offset) const noexcept {
        return reinterpret_cast<T*>(base_ + offset);
    }
    [[nodiscard]] const OpHeader& first_op() const noexcept {
        return *array<OpHeader>(header().ops);
    }
    [[nodiscard]] static const OpHeader& after(const OpHeader& op) noexcept {
        return *reinterpret_cast<const OpHeader*>(reinterpret_cast<const char*>(&op) + op.size);
    }

private:
    char* base_;
};

}  // namespace insula::program
