// SPDX-License-Identifier: MIT
// texts.h: what POP3 says to people.  English must be ASCII; a text does not begin with '['.
#pragma once
#include "lib/pop3/language.h"

namespace jd::pop3::texts {

// Before login.
inline constexpr Text
    log_in_first{"log in first", "请先登录"},
    good_bye{"good bye", "再见"},
    line_too_long{"line too long", "命令行过长"},
    too_many_errors{"too many errors", "错误过多"},
    stls_first{"use STLS first: passwords are taken over TLS only", "请先使用 STLS：只能通过 TLS 传送密码"},
    tls_is_on{"TLS is on", "已在使用 TLS"},
    no_tls{"TLS is not available here", "此处不提供 TLS"},
    stls_before_utf8{"STLS comes before UTF8", "STLS 必须在 UTF8 之前"},
    begin_tls{"begin TLS now", "现在开始 TLS"},
    user_name{"USER takes a name", "USER 需要用户名"},
    and_password{"and the password?", "请输入密码"},
    user_first{"USER first", "请先使用 USER"},
    pass_password{"PASS takes a password", "PASS 需要密码"},
    not_utf8{"names and passwords are UTF-8, without control characters", "用户名和密码必须是 UTF-8，且不含控制字符"},
    mechanisms{"mechanisms", "认证机制如下"},
    no_mechanism{"unknown mechanism: CAPA lists those that are known", "未知的认证机制：可用的机制见 CAPA"},
    no_act_as{"acting as another account is not possible", "不能以其他账户的身份登录"},
    cancelled{"cancelled", "已取消"},
    malformed{"malformed authentication data", "认证数据格式错误"},
    logged_in{"logged in", "登录成功"},
    wrong_password{"wrong user name or password", "用户名或密码错误"},
    plain_once{"wrong user name or password; if it is right: log in with PLAIN once", "用户名或密码错误；如确认无误，请先用 PLAIN 登录一次"},
    cannot_now{"cannot log you in now; try again later", "暂时无法登录，请稍后再试"},
    no_mailbox_now{"the mailbox is not available now; try again later", "邮箱暂时不可用，请稍后再试"},
    too_many_sessions{"you have too many sessions already: close one and try again", "您打开的会话过多，请关闭其中一个后再试"},
    too_soon{"you logged in a moment ago; try again later", "距上次登录时间过短，请稍后再试"},
    shutting_down{"shutting down", "服务器即将关闭"},
    utf8_takes_nothing{"UTF8 takes nothing", "UTF8 不带参数"},
    utf8_on{"UTF-8 from now on", "已启用 UTF-8"};

// After it.
inline constexpr Text
    no_such_command{"no such command", "没有这个命令"},
    too_many_bad{"too many bad commands", "错误命令过多"},
    expected_number{"expected the number of a message", "需要邮件编号"},
    no_such_message{"no such message", "没有这封邮件"},
    is_deleted{"that message is deleted", "该邮件已标记删除"},
    takes_nothing{"{} takes nothing", "{} 不带参数"},
    scan_listing{"numbers and sizes", "编号和大小如下"},
    unique_listing{"numbers and names", "编号和标识如下"},
    octets{"{} octets", "{} 字节"},
    unreadable{"this message cannot be read", "无法读取这封邮件"},
    uidl_unreadable{"the names of the messages cannot be read", "无法读取邮件标识"},
    top_takes{"TOP takes a message and a number of lines", "TOP 需要邮件编号和行数"},
    top_follows{"top of message follows", "邮件开头如下"},
    will_be_deleted{"will be deleted at QUIT", "将在 QUIT 时删除"},
    still_here{"still here", "连接正常"},
    nothing_deleted{"nothing is deleted", "已取消所有删除标记"},
    capabilities{"capabilities", "功能如下"},
    not_removed{"the deleted messages were not removed", "标记删除的邮件未能删除"},
    not_opened{"the mailbox cannot be opened, try again later", "无法打开邮箱，请稍后再试"},
    in_use{"another POP3 session has this mailbox", "该邮箱正被另一个 POP3 会话使用"},
    see_you{"see you", "再见"},
    idle_too_long{"idle for too long, nothing was deleted", "空闲过久，未删除任何邮件"},
    ended_by_us{"shutting down, nothing was deleted", "服务器即将关闭，未删除任何邮件"},
    too_much_memory{"this takes more memory than a session may have", "所需内存超过会话的限制"},
    too_much_time{"this takes more time than a command may have", "所需时间超过命令的限制"};

// LANG's own.
inline constexpr Text
    languages{"available languages", "可用语言如下"},
    no_such_language{"no such language: LANG lists those that are known", "没有这种语言：可用的语言见 LANG"},
    language_changed{"this is English", "现在使用中文"};

}  // namespace jd::pop3::texts
