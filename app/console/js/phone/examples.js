/** A few entries that give the assistant something to answer from; dates are counted from the device's own. */

function day(from, days, time) {
  const at = new Date(from.getTime() + days * 86_400_000);
  const two = (value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${time}`;
}

export const exampleEntries = (now) => ({
  contacts: [
    { name: "王建国", aliases: ["王总"], phones: ["13800138000"], organisation: "远山科技" },
    { name: "李晓梅", aliases: ["小梅"], phones: ["13900139000"], emails: ["xiaomei@example.com"] },
  ],
  calendar: [
    { title: "和王总开项目会", start: day(now, 1, "10:00"), place: "三号会议室", people: ["王建国"] },
    { title: "体检", start: day(now, 3, "08:30"), place: "市医院" },
    { title: "和小梅吃饭", start: day(now, 7, "18:30"), people: ["李晓梅"] },
  ],
  notes: [
    { title: "和王总的会", body: "蓝鲸项目的报价定在 30 万，下周三之前给方案。" },
    { title: "读书", body: "《深度工作》读到第三章。" },
  ],
});
